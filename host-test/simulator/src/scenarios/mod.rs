//! Courses that are too long or too special to be drawn from a seed.
