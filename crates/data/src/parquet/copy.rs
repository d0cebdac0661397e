//! Parquet to Parquet: the chunks of the columns are copied unread, and columns are added.
//!
//! Whatever this program does not know of stays as it is: logical types, encodings, dictionaries, statistics, Bloom
//! filters, page indexes, and the pairs in the footer. Of these, those that list the columns are told of the new ones:
//!
//! | pair | written by | without the new column |
//! | --- | --- | --- |
//! | `ARROW:schema` | Arrow, Polars | the file could not be read |
//! | `pandas` | pandas | the type of the column would be guessed |
//! | `org.apache.spark.sql.parquet.row.metadata` | Spark | Spark would not see the column |

use std::fs::File;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use parquet::basic::{ColumnOrder, Compression, LogicalType, Repetition, Type as PhysicalType, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::DoubleType;
use parquet::errors::ParquetError;
use parquet::file::metadata::page_index::RowGroupPageIndex;
use parquet::file::metadata::{
    ColumnChunkMetaData, KeyValue, PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{Type, TypePtr};
use serde_json::{Value, json};

use super::arrow_message::with_doubles;
use super::read::{Footer, LABEL, plain};
use crate::error::DataError;
use crate::guard::guard;
use crate::pandas::{json_with, put, with_pandas};
use crate::write::{Plan, Slot};

/// Doubles that are handed to the encoder at once.
const PIECE: usize = 1 << 14;

/// Copies the table and returns the number of its rows.
pub(super) fn copy(plan: &Plan<'_>, footer: &Footer, out: &mut (dyn Write + Send)) -> Result<usize, DataError> {
    let file = plan.table.file()?;
    guard(&plan.table.name, LABEL, || copy_chunks(plan, footer, &file, out))?
}

fn copy_chunks(
    plan: &Plan<'_>,
    footer: &Footer,
    file: &File,
    out: &mut (dyn Write + Send),
) -> Result<usize, DataError> {
    let failed = |error| parquet_error(plan, error);
    // Page indexes only make readers faster; a copy of a file whose indexes are damaged has none.
    let indexed = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional).parse_and_finish(file);
    let known: &ParquetMetaData = indexed.as_ref().unwrap_or_else(|_| footer.metadata());
    let schema = widened(plan, known).map_err(failed)?;
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties(plan, known)?)).map_err(failed)?;
    let leaves = leaves(known);
    let mut rows = 0_usize;
    for (number, group) in known.row_groups().iter().enumerate() {
        let index = known.page_index_for_row_group(number);
        let mut chunks = writer.next_row_group().map_err(failed)?;
        let own = rows..rows.saturating_add(usize::try_from(group.num_rows()).unwrap_or(0));
        for slot in &plan.slots {
            match *slot {
                Slot::Added(added) => add(plan, added, own.clone(), &mut chunks).map_err(failed)?,
                Slot::Kept(root) => {
                    for leaf in leaves.get(root).cloned().unwrap_or_default() {
                        let ordered = keeps_order(known, leaf);
                        let chunk = copied(file, group, leaf, &index, ordered).map_err(failed)?;
                        chunks.append_column(file, chunk).map_err(failed)?;
                    }
                }
            }
        }
        chunks.close().map_err(failed)?;
        rows = own.end;
        plan.report_share(number + 1, known.num_row_groups());
    }
    writer.close().map_err(failed)?;
    Ok(rows)
}

/// The schema with its new columns.
fn widened(plan: &Plan<'_>, known: &ParquetMetaData) -> Result<TypePtr, ParquetError> {
    let root = known.file_metadata().schema();
    let mut fields = Vec::with_capacity(plan.slots.len());
    for slot in &plan.slots {
        match *slot {
            Slot::Kept(index) => fields.extend(root.get_fields().get(index).cloned()),
            Slot::Added(index) => {
                let name = plan.added.get(index).map_or("", |column| column.name);
                let double = Type::primitive_type_builder(name, PhysicalType::DOUBLE);
                fields.push(Arc::new(double.with_repetition(Repetition::OPTIONAL).build()?));
            }
        }
    }
    Ok(Arc::new(Type::group_type_builder(root.name()).with_fields(fields).build()?))
}

/// For each column its leaves, by number: nested columns have several.
fn leaves(known: &ParquetMetaData) -> Vec<Range<usize>> {
    let schema = known.file_metadata().schema_descr();
    let mut leaves = vec![0..0; known.file_metadata().schema().get_fields().len()];
    for leaf in 0..schema.num_columns() {
        if let Some(range) = leaves.get_mut(schema.get_column_root_idx(leaf)) {
            *range = if Range::is_empty(range) { leaf..leaf + 1 } else { range.start..leaf + 1 };
        }
    }
    leaves
}

/// What the writer has to know of a chunk that is copied.
fn copied(
    file: &File,
    group: &RowGroupMetaData,
    leaf: usize,
    index: &RowGroupPageIndex,
    ordered: bool,
) -> Result<ColumnCloseResult, ParquetError> {
    let missing = || ParquetError::General("a column chunk is missing".to_owned());
    let chunk = group.columns().get(leaf).ok_or_else(missing)?;
    if chunk.file_path().is_some() {
        return Err(ParquetError::General("its columns lie in other files".to_owned()));
    }
    Ok(ColumnCloseResult {
        bytes_written: u64::try_from(chunk.compressed_size()).unwrap_or(0),
        rows_written: u64::try_from(group.num_rows()).unwrap_or(0),
        metadata: tidy(chunk, ordered)?,
        bloom_filter: Sbbf::read_from_column_chunk(chunk, file).unwrap_or(None),
        column_index: index.column_index(leaf).filter(|_| ordered).cloned(),
        offset_index: index.offset_index(leaf).cloned(),
    })
}

/// Whether the smallest and largest values of a column mean the same in the copy.
///
/// Copies declare a total order for floats, with NaN and both zeros. Values that were found in another order would let a
/// reader skip what it looks for.
fn keeps_order(known: &ParquetMetaData, leaf: usize) -> bool {
    let facts = known.file_metadata();
    let column = facts.schema_descr().column(leaf);
    let is_float = matches!(column.physical_type(), PhysicalType::FLOAT | PhysicalType::DOUBLE)
        || column.logical_type_ref() == Some(&LogicalType::Float16);
    !is_float || facts.column_order(leaf) == ColumnOrder::IEEE_754_TOTAL_ORDER
}

/// What a chunk says of itself, without what would be wrong in the copy. Some writers say that a dictionary stands at 0
/// where there is none.
fn tidy(chunk: &ColumnChunkMetaData, ordered: bool) -> Result<ColumnChunkMetaData, ParquetError> {
    let mut builder = chunk.clone().into_builder();
    if chunk.dictionary_page_offset().is_some_and(|offset| offset <= 0) {
        builder = builder.set_dictionary_page_offset(None);
    }
    if !ordered {
        builder = builder.clear_statistics();
    }
    builder.build()
}

/// Writes the values of an added column for some rows.
fn add(
    plan: &Plan<'_>,
    added: usize,
    rows: Range<usize>,
    chunks: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
) -> Result<(), ParquetError> {
    let Some(mut column) = chunks.next_column()? else { return Ok(()) };
    let mut row = rows.start;
    while row < rows.end {
        let end = (row + PIECE).min(rows.end);
        let values: Vec<f64> = (row..end).map(|row| plan.value(added, row)).collect();
        let levels: Vec<i16> = values.iter().map(|value| i16::from(!value.is_nan())).collect();
        let values: Vec<f64> = values.into_iter().filter(|value| !value.is_nan()).collect();
        column.typed::<DoubleType>().write_batch(&values, Some(&levels), None)?;
        row = end;
    }
    column.close()
}

fn properties(plan: &Plan<'_>, known: &ParquetMetaData) -> Result<WriterProperties, DataError> {
    let facts = known.file_metadata();
    let first = known.row_groups().first().and_then(|group| group.columns().first());
    let builder = WriterProperties::builder()
        .set_compression(compression(first))
        .set_key_value_metadata(pairs(plan, facts.key_value_metadata(), facts.schema().get_fields().len())?)
        .set_sorting_columns(sorting(plan, known));
    Ok(match facts.created_by() {
        // Readers know by it which statistics of old writers are wrong.
        Some(program) => builder.set_created_by(program.to_owned()).build(),
        None => builder.build(),
    })
}

/// An added column is compressed as the first one is, where this program can.
fn compression(first: Option<&ColumnChunkMetaData>) -> Compression {
    match first.map(ColumnChunkMetaData::compression) {
        None | Some(Compression::BROTLI(_) | Compression::LZO) => Compression::ZSTD(ZstdLevel::default()),
        Some(known) => known,
    }
}

/// By which columns the rows are sorted, if all parts of the file say the same and no column changes.
fn sorting(plan: &Plan<'_>, known: &ParquetMetaData) -> Option<Vec<parquet::file::metadata::SortingColumn>> {
    let mut sorted = known.row_groups().iter().map(RowGroupMetaData::sorting_columns);
    let first = sorted.next().flatten()?;
    (plan.only_appends() && sorted.all(|other| other == Some(first))).then(|| first.clone())
}

/// The pairs of the footer, with the new columns.
fn pairs(plan: &Plan<'_>, known: Option<&Vec<KeyValue>>, width: usize) -> Result<Option<Vec<KeyValue>>, DataError> {
    let Some(known) = known else { return Ok(None) };
    let added = plan.places();
    let mut pairs = known.clone();
    for pair in &mut pairs {
        let Some(text) = &pair.value else { continue };
        match pair.key.as_str() {
            "ARROW:schema" => {
                let wider = with_doubles(text, width, &added);
                let damaged = || plan.refuse_same("its Arrow schema does not fit its columns");
                pair.value = Some(wider.ok_or_else(damaged)?);
            }
            "pandas" => pair.value = Some(with_pandas(text, &added)),
            "org.apache.spark.sql.parquet.row.metadata" => {
                pair.value = Some(json_with(text, |facts| with_spark(facts, &added)));
            }
            _ => {}
        }
    }
    Ok(Some(pairs))
}

fn with_spark(facts: &mut Value, added: &[(usize, &str)]) -> Option<()> {
    let fields = facts.get_mut("fields")?.as_array_mut()?;
    for (_, name) in added {
        put(fields, "name", json!({ "name": name, "type": "double", "nullable": true, "metadata": {} }));
    }
    Some(())
}

fn parquet_error(plan: &Plan<'_>, error: ParquetError) -> DataError {
    match error {
        ParquetError::External(error) => plan.write_error(std::io::Error::other(error)),
        error => plan.refuse(LABEL, plain(&error.to_string())),
    }
}
