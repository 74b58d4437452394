//! Access tokens, and who may pass with one.

use super::{APP_KEY, Answer, TENANTS, Vendor, problem};
use crate::{fault::Fault, trace::Who, world::World};
use penstock::host::{Body, Request};
use percent_encoding::percent_decode_str;
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// What a tenant asks of those who want in.
pub(crate) struct Door {
    client: String,
    /// The client secrets that are accepted, and until when.
    secrets: Vec<(String, Option<Duration>)>,
    /// When each token ends.
    tokens: BTreeMap<String, Duration>,
    /// Tokens that were revoked before their time.
    revoked: BTreeSet<String>,
    issued: u64,
    rotated: u64,
    /// How long a token lives.
    pub life: Duration,
}

/// A client secret takes the place of another.
pub(crate) struct Rotation {
    /// The new one.
    pub secret: String,
    /// Whether the tokens that were made with the old one end as well.
    pub revokes: bool,
    /// How long the old one is accepted.
    pub overlap: Duration,
}

impl Door {
    pub(super) fn new(tenant: u64, life: Duration) -> Door {
        Door {
            client: client(tenant),
            secrets: vec![(secret(tenant, 0), None)],
            tokens: BTreeMap::new(),
            revoked: BTreeSet::new(),
            issued: 0,
            rotated: 0,
            life,
        }
    }

    pub(crate) fn next_secret(&mut self, tenant: u64) -> String {
        self.rotated += 1;
        secret(tenant, self.rotated)
    }

    /// Accepts another secret.
    pub(crate) fn rotate(&mut self, now: Duration, rotation: Rotation) {
        for (_, until) in &mut self.secrets {
            until.get_or_insert(now + rotation.overlap);
        }
        self.secrets.retain(|(_, until)| until.is_none_or(|until| until > now));
        self.secrets.push((rotation.secret, None));
        if rotation.revokes {
            self.revoke();
        }
    }

    /// Accepts none of the tokens that it has issued.
    pub(crate) fn revoke(&mut self) {
        self.revoked = std::mem::take(&mut self.tokens).into_keys().collect();
    }

    /// Whether a request may pass.
    pub(super) fn admit(&mut self, world: &World, who: Who, request: &Request) -> Result<(), Answer> {
        let header = |name: &str| {
            request
                .secret_headers
                .iter()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, value)| value.expose())
        };
        let bearer = header("authorization");
        let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
        let good = self.tokens.get(token).is_some_and(|end| world.now() < *end);
        if good && header("st-app-key") == APP_KEY {
            return Ok(());
        }
        if self.revoked.contains(token) {
            world.fault(who, Fault::Revoked);
        }
        // Some say what they were sent, and it must not be passed on.
        Err(Answer::status(401, &problem(401, &format!("The token {token} is not valid"))))
    }
}

/// A tenant's client id.
pub(crate) fn client(tenant: u64) -> String {
    format!("canary-client-{tenant}-canary")
}

/// A tenant's client secret after so many rotations. It has characters that a form must
/// not be given as they are.
pub(crate) fn secret(tenant: u64, rotations: u64) -> String {
    format!("canary&{tenant}=canary+%é-{rotations}-canary")
}

impl Vendor {
    pub(super) fn token(&mut self, world: &World, who: Who, request: &Request) -> Answer {
        let form = match &request.body {
            Some(Body::Secret(form)) => form.expose(),
            _ => "",
        };
        let value = |name: &str| {
            let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            percent_decode_str(value.unwrap_or_default()).decode_utf8_lossy().into_owned()
        };
        let (client, secret) = (value("client_id"), value("client_secret"));
        let mut answer = match self.token_endpoint.disturbed(world, who, &mut self.chance) {
            Some(answer) => answer,
            None => match self.fault_profile.outage_of_all(world, who, &mut self.chance) {
                Some(answer) => answer,
                None => match self.fault_profile.draw_for_token(&mut self.chance) {
                    Some(fault) => self.token_disturbed(world, who, request, fault, &client, &secret),
                    None => self.issue(world, who, &client, &secret),
                },
            },
        };
        answer.credential = Some(client);
        answer.later(self.token_endpoint.slower(world, who))
    }

    /// What the token endpoint answers when nothing is wrong.
    pub(super) fn issue(&mut self, world: &World, who: Who, client: &str, secret: &str) -> Answer {
        let now = world.now();
        let invalid = self.token_endpoint.invalid_once(world, who);
        let tenant = TENANTS.into_iter().find(|tenant| super::auth::client(*tenant) == client);
        let Some(door) = tenant.and_then(|tenant| self.doors.get_mut(&tenant)) else {
            return Answer::status(400, r#"{"error":"invalid_client"}"#);
        };
        let accepted = |(known, until): &(String, Option<Duration>)| {
            known == secret && until.is_none_or(|until| now < until)
        };
        if invalid || !door.secrets.iter().any(accepted) {
            // It says what it was sent, which must not be passed on.
            let said =
                format!(r#"{{"error":"invalid_client","error_description":"no client {client} {secret}"}}"#);
            return Answer::status(if invalid { 401 } else { 400 }, &said);
        }
        door.issued += 1;
        let token = format!(
            "canary.{}.canary.{}.canary",
            door.client.len(),
            door.issued + 1000 * tenant.unwrap_or_default()
        );
        door.tokens.retain(|_, end| now < *end);
        door.tokens.insert(token.clone(), now + door.life);
        let life = match self.token_endpoint.absurd_life(world, who, &mut self.chance) {
            Some(absurd) => absurd.to_owned(),
            None => door.life.as_secs().to_string(),
        };
        Answer::status(
            200,
            &format!(r#"{{"access_token":"{token}","expires_in":{life},"token_type":"Bearer"}}"#),
        )
    }
}
