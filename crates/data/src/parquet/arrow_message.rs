//! The Arrow schema that a Parquet file carries in its footer (`ARROW:schema`), with columns of numbers added.
//!
//! The value is an encapsulated IPC message in base64: a flatbuffer with a `Message`, whose header is a `Schema`, whose
//! `fields` are tables of their own. It is not decoded and written again, since that would lose whatever this program does
//! not know. A new message, schema and list of fields are put before the old bytes, and the new fields behind them; all
//! offsets of the format point forwards, so that the old fields stay as they are:
//!
//! ```text
//! before             message → schema → [field, field]
//! after   message → schema → [.., .., ..]   before   new field
//!                              └──┴───┼───────↑          ↑
//!                                     └──────────────────┘
//! ```

use std::num::TryFromIntError;

/// The `Schema` among the headers of messages, `FloatingPoint` among the types, and `DOUBLE` among its precisions.
const SCHEMA_HEADER: u8 = 1;
const FLOATING_POINT: u8 = 3;
const DOUBLE: u16 = 2;
/// Marks the length of a message as one of four bytes.
const CONTINUATION: [u8; 4] = [0xff; 4];

/// The schema with one more `double` column for each place: at the place of a field it stands in its stead, else behind
/// the others. None if the text is no schema of `width` fields.
pub(super) fn with_doubles(encoded: &str, width: usize, added: &[(usize, &str)]) -> Option<String> {
    let bytes = decode(encoded)?;
    let message = bytes.strip_prefix(&CONTINUATION).unwrap_or(&bytes);
    let length = u32::from_le_bytes(message.first_chunk::<4>().copied()?) as usize;
    let old = Old { bytes: message.get(4..4usize.checked_add(length)?)? };
    let buffer = rebuild(&old, width, added)?;
    let mut whole = CONTINUATION.to_vec();
    whole.extend_from_slice(&u32::try_from(buffer.len()).ok()?.to_le_bytes());
    whole.extend_from_slice(&buffer);
    Some(encode(&whole))
}

/// A flatbuffer that is read.
struct Old<'a> {
    bytes: &'a [u8],
}

impl Old<'_> {
    fn u16(&self, at: usize) -> Option<u16> {
        self.bytes.get(at..)?.first_chunk::<2>().map(|bytes| u16::from_le_bytes(*bytes))
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.bytes.get(at..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// Where the offset that stands at a place points to.
    fn target(&self, at: usize) -> Option<usize> {
        at.checked_add(self.u32(at)? as usize).filter(|&target| target < self.bytes.len())
    }

    /// Where member number `index` of a table stands; none if it has its default.
    fn member(&self, table: usize, index: usize) -> Option<usize> {
        let back = i64::from(self.u32(table)?.cast_signed());
        let vtable = usize::try_from(i64::try_from(table).ok()? - back).ok()?;
        let slot = 4 + 2 * index;
        let offset = if slot < usize::from(self.u16(vtable)?) { self.u16(vtable + slot)? } else { 0 };
        (offset > 0).then_some(table + usize::from(offset))
    }
}

/// A flatbuffer that is written from its front.
struct New {
    bytes: Vec<u8>,
}

impl New {
    fn u16(&mut self, value: u16) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_le_bytes());
    }

    /// Room for an offset that is set later; returns its place.
    fn hole(&mut self) -> usize {
        self.u32(0);
        self.bytes.len() - 4
    }

    /// Lets the offset at `hole` point to `target`.
    fn point(&mut self, hole: usize, target: usize) -> Option<()> {
        let distance: Result<u32, TryFromIntError> = target.checked_sub(hole)?.try_into();
        self.bytes.get_mut(hole..hole + 4)?.copy_from_slice(&distance.ok()?.to_le_bytes());
        Some(())
    }

    fn pad(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }

    /// Begins a table: the places of its members in it, then the table itself. Returns where it begins.
    fn table(&mut self, size: u16, members: &[u16]) -> usize {
        self.pad(4);
        let start = self.bytes.len();
        let vtable = 4 + 2 * members.len();
        self.u16(u16::try_from(vtable).unwrap_or(0));
        self.u16(size);
        members.iter().for_each(|&member| self.u16(member));
        self.pad(4);
        let table = self.bytes.len();
        self.u32(u32::try_from(table - start).unwrap_or(0));
        table
    }
}

fn rebuild(old: &Old<'_>, width: usize, added: &[(usize, &str)]) -> Option<Vec<u8>> {
    let message = old.target(0)?;
    let kind = old.member(message, 1)?;
    if old.bytes.get(kind) != Some(&SCHEMA_HEADER) {
        return None;
    }
    let version = old.member(message, 0).and_then(|at| old.u16(at)).unwrap_or(0);
    let schema = old.target(old.member(message, 2)?)?;
    let endianness = old.member(schema, 0).and_then(|at| old.u16(at)).unwrap_or(0);
    let fields = old.target(old.member(schema, 1)?)?;
    let count = old.u32(fields)? as usize;
    if count != width {
        return None;
    }
    let extras = [2, 3].map(|index| old.member(schema, index).and_then(|at| old.target(at)));

    let mut new = New { bytes: Vec::with_capacity(old.bytes.len() + 256) };
    let root = new.hole();
    let table = new.table(12, &[8, 10, 4]);
    new.point(root, table)?;
    let header = new.hole();
    new.u16(version);
    new.u16(u16::from(SCHEMA_HEADER));
    let places = extras.iter().zip([8, 12]).map(|(extra, place)| if extra.is_some() { place } else { 0 });
    let members: Vec<u16> = [16, 4].into_iter().chain(places).collect();
    let table = new.table(20, &members);
    new.point(header, table)?;
    let (list, metadata, features) = (new.hole(), new.hole(), new.hole());
    new.u16(endianness);
    new.pad(4);
    let vector = new.bytes.len();
    new.point(list, vector)?;
    let total = count + added.iter().filter(|(place, _)| *place >= count).count();
    new.u32(u32::try_from(total).ok()?);
    let holes: Vec<usize> = (0..total).map(|_| new.hole()).collect();
    new.pad(8);
    let base = new.bytes.len();
    new.bytes.extend_from_slice(old.bytes);
    for (index, &hole) in holes.iter().enumerate().take(count) {
        new.point(hole, base + old.target(fields + 4 + 4 * index)?)?;
    }
    for (hole, target) in [metadata, features].into_iter().zip(extras) {
        if let Some(target) = target {
            new.point(hole, base + target)?;
        }
    }
    for &(place, name) in added {
        new.pad(8);
        let field = double(&mut new, name)?;
        new.point(*holes.get(place)?, field)?;
    }
    new.pad(8);
    Some(new.bytes)
}

/// Appends a nullable field of doubles.
fn double(new: &mut New, name: &str) -> Option<usize> {
    let field = new.table(20, &[4, 16, 17, 8, 0, 12]);
    let (text, kind, children) = (new.hole(), new.hole(), new.hole());
    new.u16(u16::from_le_bytes([1, FLOATING_POINT]));
    new.pad(4);
    let at = new.bytes.len();
    new.point(text, at)?;
    new.u32(u32::try_from(name.len()).ok()?);
    new.bytes.extend_from_slice(name.as_bytes());
    new.bytes.push(0);
    let table = new.table(8, &[4]);
    new.point(kind, table)?;
    new.u16(DOUBLE);
    new.pad(4);
    let at = new.bytes.len();
    new.point(children, at)?;
    new.u32(0);
    Some(field)
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let digits: Option<Vec<u8>> = digits
        .map(|byte| ALPHABET.iter().position(|&letter| letter == byte).and_then(|place| u8::try_from(place).ok()))
        .collect();
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits?.chunks(4) {
        let word = group.iter().fold(0_u32, |word, &digit| word << 6 | u32::from(digit));
        let word = word << (6 * (4 - group.len()));
        bytes.extend_from_slice(word.to_be_bytes().get(1..group.len())?);
    }
    Some(bytes)
}

fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word = group.iter().fold(0_u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = ALPHABET.get((word >> (18 - 6 * place) & 63) as usize).copied().unwrap_or(b'=');
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use arrow_array::{RecordBatch, new_empty_array};
    use arrow_schema::{DataType, Field, Schema, TimeUnit};
    use parquet::arrow::arrow_reader::ArrowReaderMetadata;
    use parquet::arrow::{ARROW_SCHEMA_META_KEY, ArrowWriter};

    use super::*;

    /// The schema of a Parquet file in which `ARROW:schema` is as given, and that text.
    fn written(schema: &Schema) -> (String, tempfile::NamedTempFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let columns = schema.fields().iter().map(|field| new_empty_array(field.data_type())).collect();
        let batch = RecordBatch::try_new(Arc::new(schema.clone()), columns).unwrap();
        let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        let footer = writer.close().unwrap();
        let pairs = footer.file_metadata().key_value_metadata().unwrap();
        let text = pairs.iter().find(|pair| pair.key == ARROW_SCHEMA_META_KEY).unwrap().value.clone().unwrap();
        (text, file)
    }

    #[test]
    fn bytes_survive_base64() {
        for length in 0..20_u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(97)).collect();
            assert_eq!(decode(&encode(&bytes)).as_deref(), Some(&bytes[..]));
        }
        assert_eq!((encode(b"fo").as_str(), decode("Zm8"), decode("Z-")), ("Zm8=", Some(b"fo".to_vec()), None));
    }

    #[test]
    fn fields_are_kept_and_added() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
        let list = DataType::List(Arc::new(Field::new("item", DataType::LargeUtf8, true)));
        let field = |name: &str, kind: &DataType| Field::new(name, kind.clone(), true);
        let noted = HashMap::from([("a".to_owned(), "b".to_owned())]);
        let time = DataType::Timestamp(TimeUnit::Second, Some("Europe/Berlin".into()));
        let schema = Schema::new_with_metadata(
            vec![field("d", &dictionary).with_metadata(noted.clone()), field("l", &list), field("t", &time)],
            noted.clone(),
        );
        let (text, _) = written(&schema);
        let text = with_doubles(&text, 3, &[(1, "ü"), (3, "new")]).unwrap();

        let (wider, double) = (field("ü", &DataType::Float64), field("new", &DataType::Float64));
        let expected = Schema::new_with_metadata(
            vec![field("d", &dictionary).with_metadata(noted.clone()), wider, field("t", &time), double],
            noted,
        );
        // A reader takes the schema from the text if the columns of the file fit it.
        let (_, file) = written(&expected);
        let known = ArrowReaderMetadata::load(file.as_file(), Default::default()).unwrap();
        let pairs = known.metadata().file_metadata().key_value_metadata().unwrap();
        let pair =
            |value: &str| parquet::file::metadata::KeyValue::new(ARROW_SCHEMA_META_KEY.to_owned(), value.to_owned());
        let own = pairs.iter().find(|pair| pair.key == ARROW_SCHEMA_META_KEY).unwrap().value.clone().unwrap();
        let read = |text: &str| {
            let descriptor = known.parquet_schema();
            parquet::arrow::parquet_to_arrow_schema(descriptor, Some(&vec![pair(text)])).unwrap()
        };
        assert_eq!(read(&text), read(&own));
        assert_eq!(read(&text).fields(), expected.fields());
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        let (text, _) = written(&Schema::new(vec![Field::new("a", DataType::Int8, true)]));
        assert!(with_doubles(&text, 2, &[]).is_none());
        assert!(with_doubles("", 0, &[]).is_none() && with_doubles("AAAA", 0, &[]).is_none());
        let bytes = decode(&text).unwrap();
        for cut in 0..bytes.len() {
            let _refused_or_not = with_doubles(&encode(&bytes[..cut]), 1, &[(1, "b")]);
            let mut wrong = bytes.clone();
            wrong[cut] ^= 0x55;
            let _refused_or_not = with_doubles(&encode(&wrong), 1, &[(1, "b")]);
        }
    }
}
