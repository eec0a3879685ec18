"""The doubles of Stability AI: the REST v2beta API and the legacy gRPC service."""
