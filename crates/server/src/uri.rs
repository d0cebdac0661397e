//! Paths as URIs, and back.

use std::path::{Component, Path, PathBuf, Prefix};

use gen_lsp_types::Uri;

/// The path of a `file:` URI; none of other schemes.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.0.strip_prefix("file://")?;
    let start = rest.find('/')?;
    let (host, path) = rest.split_at(start);
    if !host.is_empty() && host != "localhost" {
        return None;
    }
    let text = decoded(path)?;
    // `/c:/folder`: a drive is no folder of the root.
    let drive = text
        .get(1..3)
        .is_some_and(|drive| drive.ends_with(':') && drive.starts_with(|c: char| c.is_ascii_alphabetic()));
    Some(PathBuf::from(if drive && cfg!(windows) { text.get(1..)?.to_owned() } else { text }))
}

fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped =
            text.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).ok()
}

/// The `file:` URI of an absolute path.
pub fn uri_of(path: &Path) -> Uri {
    let mut text = String::from("file://");
    for component in path.components() {
        match component {
            Component::Prefix(prefix) => match prefix.kind() {
                Prefix::Disk(letter) | Prefix::VerbatimDisk(letter) => {
                    text.push_str(&format!("/{}%3A", char::from(letter).to_ascii_lowercase()));
                }
                _ => text.push_str(&encoded(&prefix.as_os_str().to_string_lossy())),
            },
            Component::RootDir => {}
            Component::CurDir | Component::ParentDir | Component::Normal(_) => {
                text.push('/');
                text.push_str(&encoded(&component.as_os_str().to_string_lossy()));
            }
        }
    }
    Uri(text)
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_come_back() {
        for path in ["/a/b.fair", "/a b/ü%20#?.fair", "/c:/x.fair"] {
            assert_eq!(path_of(&uri_of(Path::new(path))).as_deref(), Some(Path::new(path)), "{path}");
        }
        assert_eq!(path_of(&Uri::from("file:///a%20b/%C3%BC.fair")), Some(PathBuf::from("/a b/ü.fair")));
        assert_eq!(path_of(&Uri::from("file://localhost/a")), Some(PathBuf::from("/a")));
        for other in ["untitled:Untitled-1", "file:", "", "file://server/share/a", "file:///%FF"] {
            assert_eq!(path_of(&Uri::from(other)), None, "{other}");
        }
    }
}
