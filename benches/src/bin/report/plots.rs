//! The plots of RESULTS.md and README.md.

use std::error::Error;

use plotters::prelude::*;
use tokenlatch_benches::Operation;
use tokenlatch_benches::results::{Cycles, HostRow};

use crate::device::{CORTEX_M3, CORTEX_M4, CORTEX_M33, DeviceSignature};
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

/// Signatures on a Cortex-M3, in instructions, and on what multiplies faster, in estimated cycles. Those of
/// Tokenlatch in the profiles that the others have.
pub(crate) fn device(signatures: &[DeviceSignature]) -> Result<String, Box<dyn Error>> {
    let panels = [
        ("Cortex-M3: million instructions", CORTEX_M3),
        ("Cortex-M4: million cycles (estimate)", CORTEX_M4),
        ("Cortex-M33: million cycles (estimate)", CORTEX_M33),
    ];
    let panels = panels.map(|(title, at)| {
        let bars: Vec<_> = signatures
            .iter()
            .filter(|signature| !signature.implementation.contains(", opt-"))
            .filter_map(|signature| {
                let count = signature.on[at];
                let figure = if at == CORTEX_M3 {
                    count.instructions?
                } else {
                    let Cycles { low, high } = count.cycles?;
                    low.midpoint(high)
                };
                Some((signature.implementation.as_str(), figure as f64 / 1e6))
            })
            .collect();
        (format!("Signature, 2048 bits, {title}"), bars)
    });
    let heights = panels.each_ref().map(|(_, bars)| match bars.len() {
        0 => 0,
        bars => 90 + 26 * bars,
    });
    let mut svg = String::new();
    let size = (720, heights.iter().sum::<usize>().try_into()?);
    let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
    let mut rest = root.clone();
    for ((title, bars), height) in panels.into_iter().zip(heights) {
        if height > 0 {
            let (panel, below) = rest.split_vertically(i32::try_from(height)?);
            plot(&panel, &title, bars)?;
            rest = below;
        }
    }
    root.present()?;
    drop((root, rest));
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
