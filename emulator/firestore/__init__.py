"""A local Google Firestore (standard edition): its state, its semantics, and the watchers of both."""
