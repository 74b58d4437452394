use std::env;

use futures_util::future::BoxFuture;

use super::{HostError, Secret, Source, present};

/// The environment variables of this process, at each use.
#[derive(Clone, Copy, Debug)]
pub struct Process;

impl Source for Process {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(async move {
            match env::var(name) {
                Ok(value) => Ok(present(Some(value))),
                Err(env::VarError::NotPresent) => Ok(None),
                Err(env::VarError::NotUnicode(_)) => {
                    Err(HostError::Failed(format!("the environment variable {name} is not UTF-8")))
                }
            }
        })
    }
}
