// Opens workbooks with a library of JavaScript, types cells, saves them: run by tests/people/writers.py.
// Reads from stdin {"program", "jobs": [{"from", "to", "cells": [[sheet, address, kind, value]]}]}; a date is a UTC moment.
"use strict";

const DAY = 86400000;
const EPOCH = Date.UTC(1899, 11, 30);
const serial = (moment) => (new Date(moment).getTime() - EPOCH) / DAY;

const PROGRAMS = {
  async exceljs({ from, to, cells }) {
    const { Workbook } = require("exceljs");
    const book = new Workbook();
    await book.xlsx.readFile(from);
    for (const [sheet, address, kind, value] of cells) {
      book.getWorksheet(sheet).getCell(address).value = kind === "date" ? new Date(value) : value;
    }
    await book.xlsx.writeFile(to);
  },

  async sheetjs({ from, to, cells }) {
    const XLSX = require("xlsx");
    const book = XLSX.readFile(from, { cellStyles: true });
    for (const [sheet, address, kind, value] of cells) {
      const page = book.Sheets[sheet];
      const at = XLSX.utils.decode_cell(address);
      const area = XLSX.utils.decode_range(page["!ref"]);
      area.e = { r: Math.max(area.e.r, at.r), c: Math.max(area.e.c, at.c) };
      page["!ref"] = XLSX.utils.encode_range(area);
      page[address] =
        kind === "date" ? { t: "n", v: serial(value), z: "yyyy-mm-dd" }
        : { t: kind === "number" ? "n" : "s", v: value };
    }
    XLSX.writeFile(book, to);
  },

  async "xlsx-populate"({ from, to, cells }) {
    const book = await require("xlsx-populate").fromFileAsync(from);
    for (const [sheet, address, kind, value] of cells) {
      book.sheet(sheet).cell(address).value(kind === "date" ? serial(value) : value);
    }
    await book.toFileAsync(to);
  },
};

async function main() {
  const { program, jobs } = JSON.parse(require("fs").readFileSync(0, "utf8"));
  for (const job of jobs) {
    await PROGRAMS[program](job);
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
