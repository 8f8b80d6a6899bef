import { chromium } from "playwright-core";
const b = await chromium.launch({executablePath:"/usr/bin/chromium", args:["--no-sandbox"]});
const svg = (r, s) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="${s}" height="${s}"><rect width="32" height="32" rx="${r}" fill="#1d55e0"/><g transform="${r===0?'translate(16 16) scale(.78) translate(-16 -16)':''}"><path d="M8 9.5A2.5 2.5 0 0 1 10.5 7h11A2.500 2.500 0 0 1 24 9.500v8a2.500 2.500 0 0 1-2.500 2.500H15l-5 4.500V20h-.5A1.500 1.500 0 0 1 8 18.500z" fill="#fff"/></g></svg>`;
const p = await b.newPage();
for (const [name, r, s] of [["icon-192",8,192],["icon-512",8,512],["icon-maskable-512",0,512]]) {
  await p.setViewportSize({width:s,height:s});
  await p.setContent(`<body style="margin:0;background:transparent">${svg(r,s)}</body>`);
  await p.screenshot({path:`/work/web/src/web/public/${name}.png`, omitBackground:true});
}
await b.close();
