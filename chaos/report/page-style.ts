/** The look of the report: one light palette, a type scale of four sizes, and rules for paper. */
export const pageStyle = `
:root { --ink: #1c2733; --quiet: #667585; --line: #dbe2e8; --ground: #fff; --soft: #f5f7f9; --blue: #2f6db3; --teal: #1a8f86; --violet: #7b5bb5; --sand: #b7862b;
  --good: #2b7a4b; --good-soft: #dff1e6; --bad: #c0392b; --bad-soft: #fbe4e1; --warn: #9a6a00; --warn-soft: #fdf0d3; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 66rem; color: var(--ink); background: var(--ground); font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; letter-spacing: -.01em; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p { margin: .4rem 0; }
a { color: var(--blue); text-decoration: none; } a:hover { text-decoration: underline; }
code { font-size: .9em; background: var(--soft); padding: .05em .35em; border-radius: 3px; }
.quiet { color: var(--quiet); font-size: .87rem; }
section { border-top: 1px solid var(--line); margin-top: 2.5rem; } section h2 { margin-top: 1.5rem; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0 1.25rem; font-size: .87rem; }
th { text-align: left; color: var(--quiet); font-weight: 600; border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; white-space: nowrap; }
td { vertical-align: top; border-bottom: 1px solid var(--line); padding: .4rem .6rem .4rem 0; }
.figures td:not(:first-child) { font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures details td { white-space: normal; }
.checks td:first-child { width: 5.5rem; } .checks td:nth-child(2) { width: 16rem; } .checks b { font-weight: 600; }
.stall { font-size: .8rem; } .stall td:first-child { font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--quiet); } .stall td { padding-top: .2rem; padding-bottom: .2rem; overflow-wrap: anywhere; }
.badge { display: inline-block; padding: .05rem .5rem; border-radius: 99px; font-size: .78rem; font-weight: 600; vertical-align: .1em; white-space: nowrap; }
.badge.valid { color: var(--good); background: var(--good-soft); } .badge.invalid { color: var(--bad); background: var(--bad-soft); }
.badge.unknown, .badge.not-run { color: var(--warn); background: var(--warn-soft); }
ul { margin: .4rem 0; padding-left: 1.2rem; } ul.reasons { color: var(--bad); } ul.faults { font-size: .92rem; }
details summary { cursor: pointer; color: var(--blue); }
svg.timeline { display: block; width: 100%; height: auto; margin: 1rem 0; font: 11px system-ui, "Segoe UI", Arial, sans-serif; }
svg text { fill: var(--ink); } svg .label, svg .scale { text-anchor: end; } svg .label { font-weight: 600; } svg .scale, svg .time { fill: var(--quiet); font-size: 10px; } svg .time { text-anchor: middle; }
svg .end { text-anchor: end; } svg .name { fill: var(--bad); font-weight: 600; } svg .bound { fill: var(--quiet); font-size: 10px; } svg .holder { font-size: 10.5px; }
svg .axis, svg .tick { stroke: #aab6c1; fill: none; } svg .grid { stroke: var(--line); fill: none; stroke-dasharray: 1 3; }
svg .bar { stroke: var(--bad); fill: none; stroke-dasharray: 6 3; } svg .goal { stroke: var(--good); fill: none; stroke-dasharray: 6 3; }
svg .shade { fill: var(--bad); opacity: .07; } svg .fault { fill: var(--bad); }
svg .good { fill: #a9c3de; } svg .failed { fill: var(--bad); }
svg .dot { fill: none; stroke-width: 2.6; stroke-linecap: round; opacity: .75; }
svg .create { stroke: var(--blue); } svg .update { stroke: var(--violet); } svg .read { stroke: var(--teal); } svg .search { stroke: var(--sand); } svg .lost { stroke: var(--bad); stroke-width: 4; }
svg .longest { stroke: var(--ink); stroke-width: 1.5; fill: none; } svg .whole { stroke: var(--good); stroke-width: 1.5; fill: none; }
svg .holder-0 { fill: #cfe0f2; } svg .holder-1 { fill: #d8ecd9; } svg .holder-2 { fill: #e7def3; } svg .holder-3 { fill: #f6e7c8; }
svg .nobody, svg .short { fill: var(--warn-soft); stroke: #e3c067; } svg .two { fill: var(--bad-soft); stroke: var(--bad); } svg .full { fill: var(--good-soft); }
svg.strip { width: 11rem; height: 1.1rem; vertical-align: middle; } svg .under { fill: var(--blue); opacity: .7; } svg .over { fill: var(--bad); opacity: .8; }
.legend { font-size: .84rem; color: var(--quiet); margin-top: 2rem; }
.key { display: inline-block; width: .65rem; height: .65rem; border-radius: 50%; margin: 0 .25rem 0 .6rem; }
.key.create { background: var(--blue); } .key.update { background: var(--violet); } .key.read { background: var(--teal); } .key.search { background: var(--sand); } .key.lost { background: var(--bad); }
.key.fault { background: var(--bad-soft); border: 1px solid var(--bad); border-radius: 2px; } .key.whole { background: var(--good); border-radius: 0; width: 2px; }
@media (max-width: 50rem) { table { display: block; overflow-x: auto; } svg.timeline { min-width: 44rem; } section { overflow-x: auto; } }
@media print { body { max-width: none; padding: 0; font-size: 11px; } section { break-inside: auto; break-before: page; } svg.timeline, table tr { break-inside: avoid; } a { color: inherit; } details { display: block; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; } }
`;
