"""What `make audit` looks for: known vulnerabilities, credentials in the repository, licences that do not fit."""
