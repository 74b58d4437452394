//! Records as lines of JSON, the same that `penstock list` writes.

/// Writes a value.
pub trait Print {
    fn print(&self, out: &mut Vec<u8>);

    /// Whether it is left out of an object.
    fn is_absent(&self) -> bool {
        false
    }
}

/// Writes a record and ends its line.
pub trait Line: Print {
    fn line(&self, out: &mut Vec<u8>) {
        self.print(out);
        out.push(b'\n');
    }
}

impl<T: Print> Line for T {}

/// Writes a member of an object, if it is there.
pub fn member(out: &mut Vec<u8>, between: &mut u8, name: &str, value: &impl Print) {
    if !value.is_absent() {
        out.push(*between);
        *between = b',';
        out.extend_from_slice(name.as_bytes());
        value.print(out);
    }
}

/// Writes the members that are not known, and ends the object.
pub fn rest(out: &mut Vec<u8>, between: &mut u8, extra: Option<&str>) {
    if let Some(members) = extra.and_then(|object| object.strip_prefix('{')?.strip_suffix('}')) {
        out.push(*between);
        *between = b',';
        out.extend_from_slice(members.as_bytes());
    }
    if *between == b'{' {
        out.push(b'{');
    }
    out.push(b'}');
}

impl<T: Print> Print for Option<T> {
    fn print(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.print(out);
        }
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: Print> Print for Vec<T> {
    fn print(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            value.print(out);
        }
        out.push(b']');
    }
}

impl Print for i64 {
    fn print(&self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(out, self);
    }
}

impl Print for bool {
    fn print(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl Print for str {
    fn print(&self, out: &mut Vec<u8>) {
        // As for numbers.
        let _ = serde_json::to_writer(out, self);
    }
}

impl Print for String {
    fn print(&self, out: &mut Vec<u8>) {
        self.as_str().print(out);
    }
}
