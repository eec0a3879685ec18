"""Carries requests between the wire (gRPC, HTTP) and the Firestore engine; decides nothing about data."""
