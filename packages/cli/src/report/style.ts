import { declarations } from './palette.ts'

/** The page's style sheet: system fonts, light and dark, for screens of any width and for paper. */
export const style: string = `
:root { color-scheme: light dark; --paper: #ffffff; --text: #1b1f24; --soft: #5b6470; --line: #dfe3e8; --tint: #f5f7f9; --warn: #fff3d6; ${declarations('light')} }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --text: #e4e8ed; --soft: #9aa4b0; --line: #2d343c; --tint: #1c2127; --warn: #3d3212; ${declarations('dark')} }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text); font: 16px/1.55 system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; }
main { max-width: 960px; margin: 0 auto; padding: 40px 20px 80px; }
header { border-bottom: 1px solid var(--line); padding-bottom: 20px; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 52px 0 10px; }
h3 { font-size: 1rem; margin: 28px 0 6px; }
p { margin: 8px 0; max-width: 44rem; }
.kind { margin: 0 0 18px; color: var(--soft); overflow-wrap: anywhere; }
.lead { font-size: 1.1rem; }
.soft, figcaption { color: var(--soft); font-size: 0.9rem; }
.notes { padding-left: 1.2rem; margin: 14px 0 0; }
.notes li { margin: 3px 0; max-width: 44rem; overflow-wrap: anywhere; }
.warning { background: var(--warn); border-radius: 6px; padding: 12px 16px; }
figure { margin: 16px 0 8px; }
figcaption { max-width: 44rem; margin-top: 6px; }
.scroll { overflow-x: auto; }
.scroll > svg { display: block; max-width: 100%; min-width: var(--least, 0); height: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 12px 0; font-size: 0.95rem; }
th, td { padding: 7px 18px 7px 0; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: break-word; }
th { font-weight: 600; color: var(--soft); font-size: 0.85rem; }
th.number, td.number { text-align: right; white-space: nowrap; }
td.number, th.number { padding-left: 10px; }
tbody tr.own td { font-weight: 650; }
td small { color: var(--soft); font-weight: 400; display: block; }
.pair { display: flex; flex-wrap: wrap; gap: 8px 40px; align-items: flex-start; }
.pair > div { flex: 1 1 300px; }
details { margin: 12px 0; border: 1px solid var(--line); border-radius: 6px; padding: 0 16px; }
summary { cursor: pointer; padding: 10px 0; font-weight: 600; }
pre { background: var(--tint); border-radius: 6px; padding: 14px; overflow: auto; font: 13px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; max-height: 32rem; }
@media (max-width: 600px) { main { padding-top: 24px; } h1 { font-size: 1.5rem; } th, td { padding-right: 10px; } }
@media print {
  :root { --paper: #ffffff; --text: #000000; --soft: #444444; --line: #cccccc; --tint: #f5f7f9; --warn: #fff3d6; ${declarations('light')} }
  main { max-width: none; padding: 0; } figure, table { break-inside: avoid; } h2, h3 { break-after: avoid; } pre { max-height: none; white-space: pre-wrap; }
}
`
