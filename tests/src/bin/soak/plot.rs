//! The plot: memory, open files and requests over time, with the troubles shaded.

use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::issuer::Failed;
use crate::sampler::{NAMES, Sample};
use crate::verdict::Run;

const SIZE: (u32, u32) = (1600, 1160);
/// Of the names of the troubles.
const NAMES_HEIGHT: u32 = 160;
const LEFT: u32 = 80;
const RIGHT: u32 = 20;
/// Of the issuer, `serve`, the service.
const COLOURS: [RGBColor; 3] = [
    RGBColor(120, 120, 120),
    RGBColor(0, 90, 180),
    RGBColor(200, 70, 0),
];
const SHADE: RGBColor = RGBColor(255, 228, 196);

type Area<'p> = DrawingArea<SVGBackend<'p>, Shift>;

struct Line {
    name: &'static str,
    colour: RGBColor,
    points: Vec<(f64, f64)>,
}

pub(crate) fn draw(path: &Path, run: &Run) -> Result<(), Failed> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (top, rest) = root.split_vertically(NAMES_HEIGHT);
    names(&top, run)?;
    let charts = rest.split_evenly((3, 1));
    let process = |figure: fn(&Sample, usize) -> f64| {
        let lines = NAMES.iter().zip(COLOURS).enumerate();
        lines
            .map(|(process, (name, colour))| Line {
                name,
                colour,
                points: run
                    .samples
                    .iter()
                    .map(|it| (it.at.as_secs_f64(), figure(it, process)))
                    .collect(),
            })
            .collect::<Vec<_>>()
    };
    let memory = process(|it, process| it.figures[process].memory as f64 / 1024.0 / 1024.0);
    chart(&charts[0], run, "memory (RSS), MiB", &memory)?;
    let files = process(|it, process| it.figures[process].files as f64);
    chart(&charts[1], run, "open files", &files)?;
    let rates = [
        rate(run, "requests per second", RGBColor(0, 120, 60), |it| {
            it.requests
        }),
        rate(run, "wrong or without a response", RED, |it| it.wrong),
    ];
    chart(&charts[2], run, "requests per second", &rates)?;
    root.present()?;
    Ok(())
}

/// How much a count grows in a second.
fn rate(run: &Run, name: &'static str, colour: RGBColor, count: fn(&Sample) -> u64) -> Line {
    let pairs = run.samples.windows(2);
    let points = pairs.map(|pair| {
        let seconds = (pair[1].at - pair[0].at).as_secs_f64().max(0.1);
        let more = count(&pair[1]).saturating_sub(count(&pair[0]));
        (pair[1].at.as_secs_f64(), more as f64 / seconds)
    });
    Line {
        name,
        colour,
        points: points.collect(),
    }
}

fn end(run: &Run) -> f64 {
    run.samples.last().map_or(1.0, |last| last.at.as_secs_f64())
}

/// The names of the troubles, above them, from the bottom up.
fn names(area: &Area<'_>, run: &Run) -> Result<(), Failed> {
    let width = f64::from(SIZE.0 - LEFT - RIGHT);
    let style = ("sans-serif", 15)
        .into_font()
        .transform(FontTransform::Rotate270)
        .color(&BLACK)
        .pos(Pos::new(HPos::Left, VPos::Center));
    for phase in &run.phases {
        if let Some(trouble) = phase.trouble {
            let middle = (phase.from + phase.to).as_secs_f64() / 2.0;
            let x = LEFT as i32 + (middle / end(run) * width) as i32;
            area.draw_text(trouble.name(), &style, (x, NAMES_HEIGHT as i32))?;
        }
    }
    Ok(())
}

fn chart(area: &Area<'_>, run: &Run, title: &str, lines: &[Line]) -> Result<(), Failed> {
    let all = lines.iter().flat_map(|line| &line.points);
    let highest = all.map(|(_, y)| *y).fold(1.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .margin_right(RIGHT)
        .margin_top(6)
        .y_label_area_size(LEFT)
        .x_label_area_size(40)
        .build_cartesian_2d(0.0..end(run) / 60.0, 0.0..highest)?;
    let troubles = run.phases.iter().filter(|phase| phase.trouble.is_some());
    chart.draw_series(troubles.map(|phase| {
        let [from, to] = [phase.from, phase.to].map(|at| at.as_secs_f64() / 60.0);
        Rectangle::new([(from, 0.0), (to, highest)], SHADE.filled())
    }))?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .y_desc(title)
        .x_desc("minutes")
        .y_label_formatter(&|y| format!("{y:.0}"))
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 17))
        .draw()?;
    for Line {
        name,
        colour,
        points,
    } in lines
    {
        let points = points.iter().map(|(x, y)| (x / 60.0, *y));
        chart
            .draw_series(LineSeries::new(points, colour.stroke_width(2)))?
            .label(*name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .label_font(("sans-serif", 15))
        .draw()?;
    Ok(())
}
