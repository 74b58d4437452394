//! The simulated vendor over real sockets.

#[path = "vendor/client.rs"]
mod client;

use client::Client;
use penstock_host::vendor::{Config, SimulatedVendor};

#[tokio::test]
async fn a_token_opens_the_list_of_jobs() {
    let vendor = SimulatedVendor::start(Config::small(120)).await.unwrap();
    let client = Client::new(&vendor).await;
    let page = client.get("/jpm/v2/tenant/1000001/jobs?pageSize=20&includeTotal=true").await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.json["data"].as_array().unwrap().len(), 20);
    assert_eq!(page.json["totalCount"], vendor.job_ids().len());
}
