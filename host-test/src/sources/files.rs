use std::{
    io,
    path::{Component, Path, PathBuf},
};

use futures_util::future::BoxFuture;

use super::{
    HostError, Secret, Source, present,
    text::{is_within, read},
};

/// Secrets that are mounted as files: when the source within has `NAME_FILE`, the
/// value of `NAME` is what that file holds at each use, without a byte-order mark and the
/// line break at its end.
///
/// A source that has both `NAME` and `NAME_FILE` is refused for that name: one of
/// them is a leftover, and which one cannot be known. So is a file that is missing, and what is
/// no regular file.
#[derive(Clone, Debug)]
pub struct Files<S> {
    source: S,
    /// The only folder whose files may be named.
    folder: Option<PathBuf>,
}

impl<S: Source> Files<S> {
    /// The paths come from this source, which also answers for plain names.
    #[must_use]
    pub fn named_by(source: S) -> Self {
        Self { source, folder: None }
    }

    /// The same, but what is named must stand in this folder or below it, links followed: for a
    /// source that comes from somebody else, who must not choose which file becomes a secret.
    #[must_use]
    pub fn within(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    async fn find(&self, name: &str) -> Result<Option<Secret>, HostError> {
        let variable = format!("{name}_FILE");
        let value = self.source.get(name).await?;
        let Some(path) = self.source.get(&variable).await? else { return Ok(value) };
        let path = path.expose();
        if value.is_some() {
            return Err(HostError::Failed(format!("{name} and {variable} are both set; remove one")));
        }
        if let Some(folder) = &self.folder
            && !is_within(path.into(), folder.clone()).await
        {
            if is_missing_within(path.into(), folder) {
                return Err(HostError::Failed(format!("{variable} names {path}, which does not exist")));
            }
            let folder = folder.display();
            let message =
                format!("{variable} names {path}, which is not in {folder}: set it in the environment");
            return Err(HostError::Denied(message));
        }
        let found = read(path.into())
            .await
            .map_err(|error| of_variable(&variable, error))?
            .ok_or_else(|| HostError::Failed(format!("{variable} names {path}, which does not exist")))?;
        let mut text = found.utf_8(&format!("{path}, which {variable} names,"))?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Ok(present(Some(text)))
    }
}

impl<S: Source> Source for Files<S> {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Secret>, HostError>> {
        Box::pin(self.find(name))
    }
}

/// Whether a path that leads nowhere else by its words is not there. Of others it is not said: whoever names
/// them shall not learn of it.
fn is_missing_within(path: PathBuf, folder: &Path) -> bool {
    let words = path.strip_prefix(folder).unwrap_or(&path);
    let is_within = words.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    is_within && path.symlink_metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

/// An error of a file, with the variable that names it.
fn of_variable(variable: &str, error: HostError) -> HostError {
    let named = |what: String| format!("{variable}: {what}");
    match error {
        HostError::Unavailable(what) => HostError::Unavailable(named(what)),
        HostError::Denied(what) => HostError::Denied(named(what)),
        HostError::Failed(what) => HostError::Failed(named(what)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::{Map, exposed};

    fn named(name: &str, path: &std::path::Path) -> Files<Map> {
        Files::named_by(Map::new([(format!("{name}_FILE"), path.display().to_string())]))
    }

    #[tokio::test]
    async fn a_file_is_read_again_at_each_use() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = named("TOKEN", file.path());
        std::fs::write(file.path(), "first\r\n").unwrap();
        assert_eq!(exposed(files.get("TOKEN").await), Ok(Some("first".into())));
        std::fs::write(file.path(), " second \n\n").unwrap();
        assert_eq!(
            exposed(files.get("TOKEN").await),
            Ok(Some(" second \n".into())),
            "only one line break is cut"
        );
        std::fs::write(file.path(), "\n").unwrap();
        assert_eq!(exposed(files.get("TOKEN").await), Ok(None));
        std::fs::write(file.path(), b"\xef\xbb\xbfmarked\r\n").unwrap();
        assert_eq!(exposed(files.get("TOKEN").await), Ok(Some("marked".into())));
    }

    #[tokio::test]
    async fn a_file_in_another_encoding_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let files = named("TOKEN", file.path());
        for (bytes, told) in
            [(&b"\xff\xfeh\0"[..], "UTF-16"), (b"h\0u\0", "UTF-16"), (b"hunter\xff", "not UTF-8")]
        {
            std::fs::write(file.path(), bytes).unwrap();
            let Err(HostError::Failed(text)) = files.get("TOKEN").await else { panic!("{bytes:?}") };
            assert!(text.contains(told) && text.contains("TOKEN_FILE") && !text.contains("hunter"), "{text}");
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_file_may_have_to_stand_in_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(outside.path(), "hunter2").unwrap();
        let inside = folder.path().join("secret");
        std::fs::write(&inside, "hunter2").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(outside.path(), &link).unwrap();
        let up = folder.path().join("..").join(outside.path().file_name().unwrap());
        let get = async |path: &std::path::Path| {
            exposed(named("TOKEN", path).within(folder.path()).get("TOKEN").await)
        };
        assert_eq!(get(&inside).await, Ok(Some("hunter2".into())));
        let gone = folder.path().join("gone");
        let Err(HostError::Failed(told)) = get(&gone).await else { panic!("{gone:?}") };
        assert!(told.contains("TOKEN_FILE") && told.contains("gone, which does not exist"), "{told}");
        let elsewhere = outside.path().with_file_name("gone");
        for path in [outside.path(), &link, &up, &elsewhere, &folder.path().join("../gone")] {
            let Err(HostError::Denied(told)) = get(path).await else { panic!("{path:?}") };
            assert!(told.contains("TOKEN_FILE") && !told.contains("hunter2"), "{told}");
        }
    }

    #[tokio::test]
    async fn a_missing_file_and_a_second_value_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let gone = named("TOKEN", &folder.path().join("gone")).get("TOKEN").await;
        assert!(matches!(gone, Err(HostError::Failed(text)) if text.contains("TOKEN_FILE")));

        let both = Files::named_by(Map::new([("A", "hunter2"), ("A_FILE", "/etc/hostname")])).get("A").await;
        assert!(
            matches!(both, Err(HostError::Failed(text)) if text.contains("A_FILE") && !text.contains("hunter2"))
        );
    }

    #[tokio::test]
    async fn a_plain_name_needs_no_file() {
        let files = Files::named_by(Map::new([("A", "1")]));
        assert_eq!(exposed(files.get("A").await), Ok(Some("1".into())));
        assert_eq!(exposed(files.get("B").await), Ok(None));
    }
}
