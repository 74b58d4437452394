//! Jobs as the vendor sends them: about 900 bytes each, two fields of which the contract does
//! not know. What is the same in every thousandth job is made once; only the ids differ.

use fastrand::Rng;
use std::fmt::Write as _;

/// How many jobs differ in more than their ids.
const DIFFERENT: usize = 1000;

/// The id of the job before the first: with it all ids have nine digits, and what is made of a job
/// once fits all of them.
const BEFORE: u64 = 100_000_000;

const STATUSES: [&str; 6] = ["Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled"];
const PRIORITIES: [&str; 4] = ["Normal", "High", "Low", "Urgent"];
const SUMMARIES: [&str; 4] = [
    r#"No heat upstairs. Dog in the yard, call before arrival. Replace the \"Nest\" thermostat if it is the cause."#,
    r"Yearly maintenance of both condensers. The key of the gate is at the front desk; ring twice, it is loud inside.",
    r"Water heater leaks at the relief valve. Customer was told about the warranty.\nBring a drip pan and two valves.",
    r"Install of the quoted heat pump, second day. The electrician was there in the morning; label the new breaker.",
];

/// What jobs are made of.
pub struct Jobs(Vec<Job>);

/// A job without its ids.
struct Job {
    text: String,
    /// Where an id stands, and how much it is ahead of the job's.
    ids: Vec<(usize, u64)>,
}

impl Jobs {
    pub fn new() -> Self {
        let mut random = Rng::with_seed(16);
        Self((0..DIFFERENT).map(|_| Job::new(&mut random)).collect())
    }

    /// The id of the job at a place in the list, from 0.
    pub fn id(place: usize) -> u64 {
        BEFORE + 1 + place as u64
    }

    /// Adds the job of an id.
    pub fn write(&self, id: u64, out: &mut Vec<u8>) {
        let Some(job) = self.0.get(id as usize % DIFFERENT) else { return };
        let start = out.len();
        out.extend_from_slice(job.text.as_bytes());
        for (place, ahead) in &job.ids {
            let mut rest = id + ahead;
            if let Some(digits) = out.get_mut(start + place..start + place + 9) {
                for digit in digits.iter_mut().rev() {
                    *digit = b'0' + (rest % 10) as u8;
                    rest /= 10;
                }
            }
        }
    }
}

impl Job {
    fn new(random: &mut Rng) -> Self {
        let mut job = Self { text: "{".to_owned(), ids: Vec::new() };
        let status = random.choice(STATUSES).unwrap_or_default();
        job.id("id", 0);
        job.add("\"jobNumber\":\"");
        job.ids.push((job.text.len(), 0));
        job.add("100000000\",\"projectId\":null,");
        let customer = random.u64(80_000_000..90_000_000);
        job.add(&format!("\"customerId\":{customer},\"locationId\":{},", customer + 1));
        job.add(&format!("\"jobStatus\":\"{status}\","));
        let completed = (status == "Completed").then(|| time(random));
        job.add(&format!("\"completedOn\":{},", completed.unwrap_or_else(|| "null".to_owned())));
        job.add(&format!("\"businessUnitId\":{},", random.u32(1000..2000)));
        job.add(&format!("\"jobTypeId\":{},", random.u32(4000..5000)));
        job.add(&format!("\"priority\":\"{}\",", random.choice(PRIORITIES).unwrap_or_default()));
        job.add(&format!("\"campaignId\":{},", random.u32(7000..8000)));
        job.add(&format!("\"appointmentCount\":{},", random.u32(1..5)));
        job.id("firstAppointmentId", 1);
        job.id("lastAppointmentId", 408);
        job.add("\"recallForId\":null,\"warrantyId\":null,");
        job.add(&format!(
            "\"noCharge\":{},\"notificationsEnabled\":{},",
            random.u8(..) < 8,
            random.u8(..) > 32
        ));
        job.add(&format!("\"createdOn\":{},\"createdById\":{},", time(random), random.u32(50_000..60_000)));
        job.add(&format!("\"modifiedOn\":{},", time(random)));
        job.add(
            &format!(
                "\"tagTypeIds\":{:?},",
                (0..random.u8(1..5)).map(|_| random.u32(300..1000)).collect::<Vec<_>>()
            )
            .replace(", ", ","),
        );
        job.id("leadCallId", 7);
        job.add("\"bookingId\":null,\"soldById\":null,\"customerPo\":null,");
        job.id("invoiceId", 3);
        job.add(&format!(
            "\"membershipId\":null,\"total\":{}.{:02},",
            random.u32(80..9000),
            random.u8(..100)
        ));
        job.add(&format!("\"summary\":\"{}\",", random.choice(SUMMARIES).unwrap_or_default()));
        job.add("\"customFields\":[{\"typeId\":91,\"name\":\"Roof access\",\"value\":\"Ladder\"},");
        job.add(&format!(
            "{{\"typeId\":92,\"name\":\"Gate code\",\"value\":\"{:04}#\"}}],",
            random.u16(..10_000)
        ));
        job.add(&format!(
            "\"estimateIds\":[],\"equipmentIds\":[{},{}],",
            random.u16(500..999),
            random.u16(500..999)
        ));
        job.add("\"isAutoDispatched\":false,");
        job.add(&format!("\"newScore\":0.{:02},", random.u8(10..100)));
        job.add(&format!("\"routing\":{{\"zone\":\"N{}\",\"stops\":[1,2,3]}}}}", random.u8(1..9)));
        job
    }

    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn id(&mut self, name: &str, ahead: u64) {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "\"{name}\":");
        self.ids.push((self.text.len(), ahead));
        self.add("100000000,");
    }
}

/// A time as .NET writes it.
fn time(random: &mut Rng) -> String {
    format!(
        "\"2025-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z\"",
        random.u8(1..13),
        random.u8(1..29),
        random.u8(..24),
        random.u8(..60),
        random.u8(..60),
        random.u32(..10_000_000),
    )
}
