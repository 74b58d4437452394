//! Tests of the driver, natively, in virtual time.
