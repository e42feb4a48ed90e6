//! The plots of RESULTS.md and README.md.

use std::error::Error;

use plotters::prelude::*;
use tokenlatch_benches::Operation;
use tokenlatch_benches::results::HostRow;

use crate::device::{CORTEX_M3, DeviceSignature};
use crate::host::OURS;

/// Whole tokens and signatures at 2048 bits, as multiples of Tokenlatch's time.
pub(crate) fn host(rows: &[&HostRow]) -> Result<String, Box<dyn Error>> {
    let panel = |operation| -> Vec<(&str, f64)> {
        let rows = rows.iter();
        rows.filter(|row| row.operation == operation && row.bits == 2048)
            .map(|row| (row.contender.as_str(), 1.0 / row.ratio))
            .collect()
    };
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (1000, 360)).into_drawing_area();
    let (left, right) = root.split_horizontally(500);
    let [token, signature] = [Operation::WholeToken, Operation::Signature].map(panel);
    plot(
        &left,
        "Whole token, 2048 bits: time (Tokenlatch = 1)",
        token,
    )?;
    plot(
        &right,
        "Signature, 2048 bits: time (Tokenlatch = 1)",
        signature,
    )?;
    root.present()?;
    drop((root, left, right));
    Ok(svg)
}

/// Signatures on a Cortex-M3, in instructions.
pub(crate) fn device(signatures: &[DeviceSignature]) -> Result<String, Box<dyn Error>> {
    let bars = signatures.iter().filter_map(|signature| {
        let instructions = signature.instructions[CORTEX_M3]? as f64;
        Some((signature.implementation.as_str(), instructions / 1e6))
    });
    let height = 100 + 26 * u32::try_from(signatures.len())?;
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (720, height)).into_drawing_area();
    let title = "Signature, 2048 bits, Cortex-M3: million instructions";
    plot(&root, title, bars.collect())?;
    root.present()?;
    drop(root);
    Ok(svg)
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// Bars from the left, the shortest at the top.
fn plot(area: &Area<'_>, title: &str, mut bars: Vec<(&str, f64)>) -> Result<(), Box<dyn Error>> {
    bars.sort_by(|a, b| b.1.total_cmp(&a.1));
    let longest = bars.first().map_or(1.0, |bar| bar.1);
    let labels: Vec<String> = bars.iter().map(|bar| bar.0.into()).collect();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(24)
        .y_label_area_size(250)
        .build_cartesian_2d(
            0.0..1.15 * longest,
            (0..bars.len().saturating_sub(1)).into_segmented(),
        )?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(221, 221, 221))
        .axis_style(RGBColor(119, 119, 119))
        .label_style(("sans-serif", 13))
        .x_labels(6)
        .y_labels(bars.len())
        .y_label_formatter(&|segment| match segment {
            SegmentValue::CenterOf(at) => labels.get(*at).cloned().unwrap_or_default(),
            SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
        })
        .draw()?;
    chart.draw_series(bars.iter().enumerate().map(|(at, (name, length))| {
        let color = if name.starts_with(OURS) {
            RGBColor(196, 78, 20)
        } else {
            RGBColor(126, 145, 170)
        };
        let corners = [
            (0.0, SegmentValue::Exact(at)),
            (*length, SegmentValue::Exact(at + 1)),
        ];
        let mut bar = Rectangle::new(corners, color.filled());
        bar.set_margin(3, 3, 0, 0);
        bar
    }))?;
    chart.draw_series(bars.iter().enumerate().map(|(at, (_, length))| {
        EmptyElement::at((*length, SegmentValue::CenterOf(at)))
            + Text::new(format!("{length:.2}"), (4, -6), ("sans-serif", 12))
    }))?;
    Ok(())
}
