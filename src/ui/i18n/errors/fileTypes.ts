import type { FileType } from '../../../domain/import/fileType';

/** Sentences about files of a type that can't be imported: they name the type and say how to import its text. */
export const wrongFileTypeSentences: Record<FileType, { zh: string; en: string }> = {
  word: {
    zh: '这是 Word 文件：请在 Word 里另存为纯文本（UTF-8），一行一段，再导入',
    en: 'this is a Word document; in Word, save it as plain text (UTF-8) with one passage per line, and import that',
  },
  excel: {
    zh: '这个 Excel 表格打不开：请在 Excel 里另存为 .xlsx，再导入',
    en: 'this Excel workbook can’t be opened; in Excel, save it as .xlsx, and import that',
  },
  oldExcel: {
    zh: '这是旧版 Excel 表格（.xls）：请在 Excel 里另存为 .xlsx，再导入',
    en: 'this is an old Excel workbook (.xls); in Excel, save it as .xlsx, and import that',
  },
  powerPoint: {
    zh: '这是 PowerPoint 文件：请把文字复制到 TXT 文件里，一行一段，再导入',
    en: 'this is a PowerPoint file; copy its text into a TXT file with one passage per line, and import that',
  },
  office: {
    zh: '这是旧版 Office 文件：表格请另存为 .xlsx，文档请另存为纯文本（UTF-8），再导入',
    en: 'this is a file of an old Office version; save a table as .xlsx or a document as plain text (UTF-8), and import that',
  },
  protected: {
    zh: '这个 Office 文件加了密码：请先去掉密码并保存，再导入',
    en: 'this Office file has a password; remove the password, save the file, and import it',
  },
  rtf: {
    zh: '这是 RTF 文件：请另存为纯文本（UTF-8），一行一段，再导入',
    en: 'this is an RTF document; save it as plain text (UTF-8) with one passage per line, and import that',
  },
  markup: {
    zh: '这是网页（HTML）或 XML 文件：表格请在 Excel 里另存为 .xlsx；文字请复制到 TXT 文件里，一行一段，再导入',
    en: 'this is a web page (HTML) or XML; save a table as .xlsx in Excel or copy its text into a TXT file with one passage per line, and import that',
  },
  pdf: {
    zh: '这是 PDF 文件：请先把文字导出或复制到 TXT 文件里，一行一段；扫描件要先做文字识别',
    en: 'this is a PDF; export or copy its text into a TXT file with one passage per line. A scan needs text recognition first',
  },
  image: {
    zh: '这是图片：请先做文字识别，把文字存为 TXT 文件，再导入',
    en: 'this is an image; recognise its text first, save that as a TXT file, and import it',
  },
  archive: {
    zh: '这是压缩包：请先解压，再导入里面的文件',
    en: 'this is an archive; unpack it, and import the files inside',
  },
  cutArchive: {
    zh: '这个压缩包的结尾缺失，没有传完，或者只是分卷的第一卷：请重新下载，或把所有分卷放在一起解压，再导入里面的文件',
    en: 'the end of this zip archive is missing: it is incomplete, or the first part of a split one; download it again, or unpack it with all of its parts in one folder, and import the files inside',
  },
  cutOffice: {
    zh: '这个 Office 文件的结尾缺失，没有传完，Excel 或 Word 也打不开：请重新下载或复制，再导入',
    en: 'the end of this Office file is missing, so no program can open it; download or copy it again, and import that',
  },
  archivePart: {
    zh: '这是分卷压缩包的一卷：请把所有分卷放在一起解压，再导入里面的文件',
    en: 'this is one part of a split archive; unpack it with all of its parts in one folder, and import the files inside',
  },
  emptyArchive: {
    zh: '这是空的压缩包，里面没有文件：请选择有内容的文件',
    en: 'this is an archive without files; choose one with content',
  },
  openDocument: {
    zh: '这是 OpenDocument 文件（.ods、.odt）：表格请另存为 .xlsx，文档请另存为纯文本（UTF-8），再导入',
    en: 'this is an OpenDocument file (.ods, .odt); save a table as .xlsx or a document as plain text (UTF-8), and import that',
  },
  parquet: {
    zh: '这是 Parquet 文件：请先转成 JSONL 或 CSV，例如用 pandas，再导入',
    en: 'this is a Parquet file; convert it to JSONL or CSV, with pandas for example, and import that',
  },
  sqlite: {
    zh: '这是 SQLite 数据库：请先把表导出为 CSV（UTF-8），再导入',
    en: 'this is an SQLite database; export its table as CSV (UTF-8), and import that',
  },
  audioVideo: {
    zh: '这是音频或视频：请先转成文字，存为 TXT 文件，再导入',
    en: 'this is audio or video; transcribe it, save the text as a TXT file, and import that',
  },
  executable: {
    zh: '这是可执行程序，不是数据：请选择 JSONL、CSV 或 TXT 文件',
    en: 'this is a program, not data; choose a JSONL, CSV or TXT file',
  },
};
