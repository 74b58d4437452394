//! That one sync at a time has a database: a session holds an advisory lock, and every transaction looks
//! whether its sync is still the one that took it last.

use super::{
    PATIENCE,
    address::{APPLICATION, Address},
    errors::Failed,
};
use crate::destination::lock::holder;
use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use tokio_postgres::Client;

/// What the lock is of: `PENS`, beside the schema.
const CLASS: i32 = 0x5045_4e53;

/// How often somebody who waits looks whether it is free.
const OFTEN: Duration = Duration::from_millis(250);

/// How long a server may take to see that a program that had the lock has ended.
const GRACE: Duration = Duration::from_secs(2);

/// The session that holds the lock.
pub(super) struct Held {
    client: Mutex<Client>,
    /// Who took it last, as the database has it.
    token: String,
}

/// Connects, without the pool.
pub(super) async fn connect(address: &Address) -> Result<Client, Failed> {
    let connecting = timeout(PATIENCE, address.config.connect(address.tls.clone()));
    let (client, connection) = connecting.await.map_err(|_| Failed::Silent)??;
    // Whatever ends it, the client says so.
    tokio::spawn(async move { drop(connection.await) });
    Ok(client)
}

/// Takes the lock with this session, and says who has it if that is somebody else; `wait` waits.
pub(super) async fn lock(client: &Client, wait: bool) -> Result<(), Failed> {
    let began = Instant::now();
    loop {
        match try_lock(client).await {
            Err(Failed::InUse(_)) if wait || began.elapsed() < GRACE => tokio::time::sleep(OFTEN).await,
            done => return done,
        }
    }
}

impl Held {
    /// Says in the database that it is ours, which has the lock. What another sync has under way ends before
    /// that, or fails.
    pub(super) async fn sign(client: Client) -> Result<Held, Failed> {
        let token = format!("{}, {:016x}", holder(), RandomState::new().hash_one(()));
        let sql = "INSERT INTO _penstock_meta VALUES ('holder', $1)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        client.execute(sql, &[&token]).await?;
        Ok(Held { client: Mutex::new(client), token })
    }

    /// Takes the lock again if its session ended.
    pub(super) async fn keep(&self, address: &Address) -> Result<(), Failed> {
        let mut client = self.client.lock().await;
        if client.is_closed() {
            let next = connect(address).await?;
            try_lock(&next).await?;
            *client = next;
        }
        Ok(())
    }

    /// That nobody has taken the lock since, until this transaction ends.
    pub(super) async fn check(&self, transaction: &deadpool_postgres::Transaction<'_>) -> Result<(), Failed> {
        let sql = "SELECT value FROM _penstock_meta WHERE name = 'holder' FOR SHARE";
        let statement = transaction.prepare_cached(sql).await?;
        let row = transaction.query_opt(&statement, &[]).await?;
        let found: String = row.map(|row| row.try_get(0)).transpose()?.unwrap_or_default();
        if found == self.token { Ok(()) } else { Err(Failed::InUse(found)) }
    }
}

async fn try_lock(client: &Client) -> Result<(), Failed> {
    // It waits between two looks for as long as the sync lasts.
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    let version: i32 =
        client.query_one("SELECT current_setting('server_version_num')::int", &[]).await?.try_get(0)?;
    if version >= 140_000 {
        client.batch_execute("SET idle_session_timeout = 0").await?;
    }
    let sql = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))";
    let is_ours: Option<bool> = client.query_one(sql, &[&CLASS]).await?.try_get(0)?;
    if is_ours == Some(true) {
        return Ok(());
    }
    Err(Failed::InUse(who(client).await?))
}

/// Who has the lock.
async fn who(client: &Client) -> Result<String, Failed> {
    let sql = "SELECT l.pid, a.application_name, host(a.client_addr),
                      to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
               FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = $1::bigint::oid
                     AND l.objid = (hashtext(current_schema())::bigint & 4294967295)::oid
                     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let Some(row) = client.query_opt(sql, &[&i64::from(CLASS)]).await? else {
        return Ok("it has just ended".to_owned());
    };
    let pid: i32 = row.try_get(0)?;
    let (name, address, since): (Option<String>, Option<String>, Option<String>) =
        (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| "of another user".to_owned());
    let name = name.strip_prefix(APPLICATION).unwrap_or(&name);
    let address = address.map(|address| format!(" at {address}")).unwrap_or_default();
    let since = since.map(|since| format!(", since {since}")).unwrap_or_default();
    Ok(format!("{name}{address}{since}, session {pid}"))
}
