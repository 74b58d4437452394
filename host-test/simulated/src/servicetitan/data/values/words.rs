//! Words for realistic texts, in more than one script.

use fastrand::Rng;

const FIRST: [&str; 10] =
    ["Ana", "Bogdán", "Chloë", "Đorđe", "Émile", "Fatima", "Grace", "山田", "Ольга", "Zoë"];
const LAST: [&str; 8] = ["Smith", "O’Neill", "Núñez", "Kowalska", "Müller", "太郎", "Nguyễn", "Okafor"];
const THINGS: [&str; 8] = [
    "water heater",
    "furnace",
    "heat pump",
    "drain line",
    "thermostat",
    "breaker panel",
    "sump pump",
    "mini-split",
];
const WORK: [&str; 6] = ["Repair", "Replace", "Inspect", "Tune up", "Install", "Diagnose"];
const STREETS: [&str; 4] = ["Elm St", "Côte-des-Neiges", "Hauptstraße", "5th Ave"];

fn pick<const N: usize>(from: [&'static str; N], rng: &mut Rng) -> &'static str {
    from.get(rng.usize(..N)).copied().unwrap_or_default()
}

/// A text that suits a field of this name.
pub(super) fn text(name: &str, rng: &mut Rng) -> String {
    match name {
        "email" => format!("customer{}@example.com", rng.u16(..)),
        "phone" | "phoneNumber" => format!("+1 555 01{:02}", rng.u8(..100)),
        "street" | "address" => format!("{} {}", rng.u16(1..9_999), pick(STREETS, rng)),
        "name" | "displayName" | "customerName" => format!("{} {}", pick(FIRST, rng), pick(LAST, rng)),
        "priority" => pick(["Low", "Normal", "High", "Urgent"], rng).to_owned(),
        "class" => pick(["Residential", "Commercial"], rng).to_owned(),
        "customerPo" => {
            if rng.bool() {
                String::new()
            } else {
                format!("PO-{}", rng.u16(..))
            }
        }
        "defaultEstimateSoldAction" => "CreateJob".to_owned(),
        "key" => format!("key-{}", rng.u8(..20)),
        "value" => format!("{}", rng.u32(..)),
        _ if name.ends_with("umber") => rng.u32(100_000..).to_string(),
        _ => sentence(rng),
    }
}

/// Plain text of one or two lines, with quotes and emoji in some.
pub(super) fn sentence(rng: &mut Rng) -> String {
    let (work, thing) = (pick(WORK, rng), pick(THINGS, rng));
    match rng.u8(..6) {
        0 => format!("{work} the {thing}.\nCall \"{} {}\" first ☎", pick(FIRST, rng), pick(LAST, rng)),
        1 => format!("{work} {thing} — gate code #{}\\{}", rng.u16(..), rng.u8(..)),
        2 => format!("{thing} 🔧 {work}"),
        _ => format!("{work} the {thing}"),
    }
}

/// A summary as the office types it: HTML.
pub(super) fn html(rng: &mut Rng) -> String {
    let (work, thing, who) = (pick(WORK, rng), pick(THINGS, rng), pick(LAST, rng));
    format!(
        "<p>{work} the <b>{thing}</b> for {who} &amp; family.</p>\r\n<ul><li>Filter {}\"</li><li>{}&nbsp;ft</li></ul>",
        rng.u8(10..30),
        rng.u8(1..60)
    )
}
