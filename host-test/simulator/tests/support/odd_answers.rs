//! Pages that take much to read, for tests of memory in the simulator and in Wasmtime.

use fastrand::Rng;

/// An answer of odd shape: what it lacks in bytes it has in values.
pub fn odd_answer(chance: &mut Rng, largest: usize) -> String {
    let bytes = chance.usize(largest / 8..largest - 100);
    let record = match chance.u8(..8) {
        0 => "1".to_owned(),
        1 => "{}".to_owned(),
        2 => "[[[[]]]]".to_owned(),
        3 => format!("\"{}\"", "x".repeat(bytes / 2)),
        4 => r#"{"id":7,"jobNumber":"J","tagTypeIds":[1,2,3,4,5,6,7,8]}"#.to_owned(),
        5 => format!("{{\"id\":1,\"tagTypeIds\":[{}1]}}", "1,".repeat(bytes / 4)),
        6 => format!("{{\"id\":1,\"extra\":{{{}\"z\":1}}}}", "\"a\":1,".repeat(bytes / 12)),
        _ => r#"{"id":8,"summary":"é\n\"\ud83d\ude00"}"#.to_owned(),
    };
    let times = (bytes / (record.len() + 1)).max(1);
    let mut data = String::with_capacity(bytes + 200);
    data.push_str(r#"{"page":1,"pageSize":5000,"hasMore":false,"data":["#);
    for time in 0..times {
        if time > 0 {
            data.push(',');
        }
        data.push_str(&record);
    }
    data.push_str("]}");
    data
}
