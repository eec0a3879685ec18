"""Puts security rules in front of the Firestore server: joins the rules language with documents and queries."""
