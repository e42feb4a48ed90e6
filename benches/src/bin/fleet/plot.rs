//! The plot of FLEET.md.

use std::error::Error;

use plotters::prelude::*;

use crate::document::thousands;
use crate::figures::{Figures, POINT};
use crate::plan::Plan;

const REQUESTS: RGBColor = RGBColor(196, 78, 20);
const PEAK: RGBColor = RGBColor(240, 190, 160);
const TOO_MANY: RGBColor = RGBColor(70, 90, 130);
const LIMIT: RGBColor = RGBColor(60, 150, 90);
const GRID: RGBColor = RGBColor(221, 221, 221);
const AXIS: RGBColor = RGBColor(119, 119, 119);

/// Requests a second over the day, with its events.
pub(crate) fn day(figures: &Figures) -> Result<String, Box<dyn Error>> {
    let instances = figures.instances;
    let title = format!(
        "Requests a second at the issuer of {} caches",
        thousands(instances.into())
    );
    let mut svg = String::new();
    let root = SVGBackend::with_string(&mut svg, (1100, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    let hours = |at: usize| (at * POINT) as f64 / 3600.0;
    let top = f64::from(instances);
    // A minute without a request is at the lower end.
    let least = 1.0;
    let on_scale = |requests: f64| requests.max(least);
    let mut chart = ChartBuilder::on(&root)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..24.0, (least..3.0 * top).log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .label_style(("sans-serif", 13))
        .x_labels(13)
        .x_desc("hours")
        .y_label_formatter(&|requests| format!("{requests:.0}"))
        .draw()?;
    let points = || figures.points.iter().enumerate();
    let peaks = points().map(|(at, point)| {
        let peak = on_scale(point.peak.into());
        Rectangle::new(
            [(hours(at), on_scale(point.mean)), (hours(at + 1), peak)],
            PEAK.filled(),
        )
    });
    chart
        .draw_series(peaks)?
        .label("peak second of each minute")
        .legend(|(x, y)| Rectangle::new([(x, y - 4), (x + 16, y + 4)], PEAK.filled()));
    let line = |of: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        (0..figures.points.len())
            .map(|at| (hours(at), on_scale(of(at))))
            .collect()
    };
    let mean = line(&|at| figures.points[at].mean);
    chart
        .draw_series([PathElement::new(mean, REQUESTS)])?
        .label("mean of each minute")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], REQUESTS));
    let too_many = line(&|at| figures.points[at].too_many);
    chart
        .draw_series([PathElement::new(too_many, TOO_MANY)])?
        .label("of them, rejected with 429")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], TOO_MANY));
    let limit = vec![(0.0, figures.rate_limit), (24.0, figures.rate_limit)];
    chart
        .draw_series([PathElement::new(limit, LIMIT)])?
        .label("rate limit")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 16, y)], LIMIT));
    let (_, windows) = Plan::day(instances);
    for window in &windows {
        let hour = window.span.start.as_secs_f64() / 3600.0;
        let line = [(hour, least), (hour, 2.2 * top)];
        chart.draw_series([PathElement::new(line, AXIS)])?;
        let label = Text::new(window.label, (hour + 0.1, 2.6 * top), ("sans-serif", 13));
        chart.draw_series([label])?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::Coordinate(12, 32))
        .background_style(WHITE.mix(0.9))
        .border_style(GRID)
        .label_font(("sans-serif", 12))
        .draw()?;
    root.present()?;
    drop((chart, root));
    Ok(svg)
}
