//! A host with virtual time, for tests.
