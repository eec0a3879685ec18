"""Generation: jobs, the work on each image, and their settlement."""
