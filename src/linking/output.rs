//! Writes pairs, clusters and the report. Each file appears whole or not at all.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Float64Array, RecordBatch, StringArray, UInt8Array};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

use super::report::Report;
use super::{Decision, Verdict};
use crate::comparator::generic::Frame;
use crate::link::generic::Pair;
use crate::spec::{LinkingPlan, WriteFormat};

/// Rows written at once.
const BATCH: usize = 1 << 16;

/// A pair and what is said of it.
type Told<'a> = (&'a Pair, &'a Verdict);

/// Everything a file is written from.
struct Facts<'a> {
    plan: &'a LinkingPlan,
    frame: &'a Frame,
    clusters: &'a [u32],
}

pub(super) fn write(
    plan: &LinkingPlan,
    out: &Path,
    frame: &Frame,
    (pairs, verdicts): (&[Pair], &[Verdict]),
    clusters: &[u32],
    report: &Report,
) -> io::Result<()> {
    fs::create_dir_all(out)?;
    let facts = Facts { plan, frame, clusters };
    let written = |(_, verdict): &Told<'_>| verdict.decision != Decision::PassedOver;
    let pairs = || pairs.iter().zip(verdicts).filter(written);
    for format in &plan.write {
        match format {
            WriteFormat::Parquet => {
                whole(out, "pairs.parquet", |file| facts.pairs_parquet(file, pairs()))?;
                whole(out, "clusters.parquet", |file| facts.clusters_parquet(file))?;
            }
            WriteFormat::Csv => {
                whole(out, "pairs.csv", |file| facts.pairs_csv(file, pairs()))?;
                whole(out, "clusters.csv", |file| facts.clusters_csv(file))?;
            }
        }
    }
    whole(out, "report.json", |mut file| {
        serde_json::to_writer_pretty(&mut file, report)?;
        file.write_all(b"\n")
    })
}

/// Writes beside the place and moves it there when all is written.
fn whole(folder: &Path, name: &str, write: impl FnOnce(BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let beside = folder.join(format!(".{name}.partial"));
    write(BufWriter::with_capacity(1 << 20, File::create(&beside)?))?;
    fs::rename(beside, folder.join(name))
}

impl Facts<'_> {
    fn source(&self, row: u32) -> &str {
        &self.frame.sources[usize::from(self.frame.source[row as usize])]
    }

    fn id(&self, row: u32) -> &str {
        self.frame.ids.get(row as usize)
    }

    /// Name of a row's cluster: its first row's id, with the table's name where there are several.
    fn cluster(&self, row: u32) -> Cow<'_, str> {
        let first = self.clusters[row as usize];
        if self.frame.sources.len() > 1 {
            format!("{}/{}", self.source(first), self.id(first)).into()
        } else {
            self.id(first).into()
        }
    }

    fn together(&self, pair: &Pair) -> bool {
        self.clusters[pair.left as usize] == self.clusters[pair.right as usize]
    }

    fn level_names(&self) -> impl Iterator<Item = String> + '_ {
        self.plan.model.comparisons.iter().map(|one| format!("level_{}", one.ladder.name))
    }

    fn pairs_csv<'p>(&self, file: BufWriter<File>, pairs: impl Iterator<Item = Told<'p>>) -> io::Result<()> {
        let mut rows = csv::WriterBuilder::new().from_writer(file);
        let fixed =
            ["source_l", "id_l", "source_r", "id_r", "weight", "probability", "decision", "same_cluster"];
        rows.write_record(fixed.into_iter().map(str::to_owned).chain(self.level_names()))?;
        for (pair, verdict) in pairs {
            for row in [pair.left, pair.right] {
                rows.write_field(self.source(row))?;
                rows.write_field(self.id(row))?;
            }
            rows.write_field(format!("{:.6}", pair.weight))?;
            rows.write_field(format!("{:.9}", verdict.probability))?;
            rows.write_field(word(verdict))?;
            rows.write_field(if self.together(pair) { "true" } else { "false" })?;
            for level in pair.levels.levels(self.plan.model.comparisons.len()) {
                rows.write_field(level.to_string())?;
            }
            rows.write_record(None::<&[u8]>)?;
        }
        rows.flush()
    }

    fn clusters_csv(&self, file: BufWriter<File>) -> io::Result<()> {
        let mut rows = csv::WriterBuilder::new().from_writer(file);
        rows.write_record(["source", "id", "cluster"])?;
        for row in 0..crate::comparator::generic::number(self.frame.len()) {
            rows.write_record([self.source(row), self.id(row), &self.cluster(row)])?;
        }
        rows.flush()
    }

    fn pairs_parquet<'p>(
        &self,
        file: BufWriter<File>,
        pairs: impl Iterator<Item = Told<'p>>,
    ) -> io::Result<()> {
        let text = |name: &str| Field::new(name, DataType::Utf8, false);
        let several = self.frame.sources.len() > 1;
        let names: &[&str] =
            if several { &["source_l", "id_l", "source_r", "id_r"] } else { &["id_l", "id_r"] };
        let mut fields: Vec<Field> = names.iter().map(|name| text(name)).collect();
        fields.push(Field::new("weight", DataType::Float64, false));
        fields.push(Field::new("probability", DataType::Float64, false));
        fields.push(text("decision"));
        fields.push(Field::new("same_cluster", DataType::Boolean, false));
        fields.extend(self.level_names().map(|name| Field::new(name, DataType::UInt8, false)));
        let mut writer = Batches::new(file, fields)?;
        let mut pairs = pairs.peekable();
        while pairs.peek().is_some() {
            let (batch, verdicts): (Vec<&Pair>, Vec<&Verdict>) = pairs.by_ref().take(BATCH).unzip();
            let ids = |of: &dyn Fn(&Pair) -> u32| -> Vec<ArrayRef> {
                let rows = || batch.iter().map(|pair| of(pair));
                let sources = || StringArray::from_iter_values(rows().map(|row| self.source(row)));
                let ids: ArrayRef = Arc::new(StringArray::from_iter_values(rows().map(|row| self.id(row))));
                if several { vec![Arc::new(sources()), ids] } else { vec![ids] }
            };
            let mut columns: Vec<ArrayRef> = Vec::new();
            columns.extend(ids(&|pair| pair.left));
            columns.extend(ids(&|pair| pair.right));
            columns.push(Arc::new(Float64Array::from_iter_values(batch.iter().map(|pair| pair.weight))));
            let probabilities = verdicts.iter().map(|verdict| verdict.probability);
            columns.push(Arc::new(Float64Array::from_iter_values(probabilities)));
            columns
                .push(Arc::new(StringArray::from_iter_values(verdicts.iter().map(|verdict| word(verdict)))));
            columns
                .push(Arc::new(batch.iter().map(|pair| Some(self.together(pair))).collect::<BooleanArray>()));
            for at in 0..self.plan.model.comparisons.len() {
                let levels = batch.iter().map(|pair| pair.levels.level(at));
                columns.push(Arc::new(UInt8Array::from_iter_values(levels)));
            }
            writer.write(columns)?;
        }
        writer.finish()
    }

    fn clusters_parquet(&self, file: BufWriter<File>) -> io::Result<()> {
        let fields = ["source", "id", "cluster"].map(|name| Field::new(name, DataType::Utf8, false)).to_vec();
        let mut writer = Batches::new(file, fields)?;
        let rows: Vec<u32> = (0..crate::comparator::generic::number(self.frame.len())).collect();
        for batch in rows.chunks(BATCH) {
            writer.write(vec![
                Arc::new(StringArray::from_iter_values(batch.iter().map(|&row| self.source(row)))),
                Arc::new(StringArray::from_iter_values(batch.iter().map(|&row| self.id(row)))),
                Arc::new(StringArray::from_iter_values(batch.iter().map(|&row| self.cluster(row)))),
            ])?;
        }
        writer.finish()
    }
}

/// What is done with a pair that is written, in a word.
fn word(verdict: &Verdict) -> &'static str {
    if verdict.decision == Decision::Link { "link" } else { "review" }
}

/// A Parquet file that is written batch by batch.
struct Batches {
    schema: Arc<Schema>,
    writer: ArrowWriter<BufWriter<File>>,
}

impl Batches {
    fn new(file: BufWriter<File>, fields: Vec<Field>) -> io::Result<Self> {
        let schema = Arc::new(Schema::new(fields));
        // Ids hardly repeat, so a dictionary of them would only cost; least and greatest ones find nobody.
        let ids = ["id", "id_l", "id_r", "cluster"];
        let builder = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let plain = |builder: WriterPropertiesBuilder, name: &str| {
            builder.set_column_dictionary_enabled(ColumnPath::from(name), false)
        };
        let untold = |builder: WriterPropertiesBuilder, name: &str| {
            builder.set_column_statistics_enabled(ColumnPath::from(name), EnabledStatistics::None)
        };
        let builder = ids.into_iter().chain(["weight", "probability"]).fold(builder, plain);
        let builder = ids.into_iter().fold(builder, untold);
        // Numbers of so many digits do not get smaller.
        let properties = ["weight", "probability"]
            .into_iter()
            .fold(builder, |builder, name| {
                builder.set_column_compression(ColumnPath::from(name), Compression::UNCOMPRESSED)
            })
            .build();
        let writer =
            ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(io::Error::other)?;
        Ok(Self { schema, writer })
    }

    fn write(&mut self, columns: Vec<ArrayRef>) -> io::Result<()> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(io::Error::other)
    }

    fn finish(self) -> io::Result<()> {
        self.writer.close().map_err(io::Error::other)?;
        Ok(())
    }
}
