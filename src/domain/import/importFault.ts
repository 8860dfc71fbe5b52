export type ImportFault =
  | 'empty-file'
  | 'no-rows'
  | 'binary-file'
  /** The file has a type that can't be imported; `fileType` names it. */
  | 'wrong-type'
  | 'encoding-unknown'
  /** `field` quotes the text that is not JSON; it is missing where a line or the file ends too early. */
  | 'json-broken'
  | 'csv-broken'
  /** A row with more cells (`field`) than the file has columns (`expected`). */
  | 'more-cells'
  /** `field` as for `json-broken`. */
  | 'literal-broken'
  | 'xlsx-broken'
  | 'xlsx-too-large'
  /** A title above the table of a sheet, or a merged one in it. */
  | 'title-row'
  | 'front-matter'
  /** A row that repeats the column names. */
  | 'header-repeated'
  /** Headings of a Markdown file without text below them; `field` is their number. */
  | 'headings-unused'
  | 'too-deep'
  | 'no-known-columns'
  | 'field-missing'
  | 'text-empty'
  /** A record without any field. */
  | 'row-empty'
  /** The column `field` holds a list or an object where a text belongs. */
  | 'not-a-text'
  /** The column `field` holds `expected`, which is not a number. */
  | 'not-a-number'
  | 'relevant-missing'
  | 'unknown-passage'
  | 'reference-ignored'
  | 'no-known-passage'
  | 'needs-knowledge-base'
  | 'duplicate-id'
  | 'not-an-object'
  /** A pair whose score or label is 0 or less. `field` names its column, and `expected` is its value. */
  | 'not-positive'
  /** Two sentences with a score, which can't be trained as a pair. */
  | 'scored-pairs'
  /** A row without column names that has fewer cells (`field`) than the role needs (`expected`). */
  | 'fewer-cells'
  /** A row with `field` teacher scores for `expected` texts. */
  | 'teacher-scores-count'
  /** The column `field` has a teacher score, `expected`, beyond ±1,000,000. */
  | 'teacher-score-range'
  | 'set-too-long'
  /** A set with fewer than two texts, too few for a pair. */
  | 'set-too-short'
  /** The column `expected` has the long id `field` as a spreadsheet rounded it, such as 1.23457E+17. */
  | 'id-rounded'
  /** The passage with the id `field` has no text in a file of several sections. */
  | 'passage-empty'
  | 'unknown-question'
  /** None of the file's judgements calls a passage relevant. */
  | 'none-judged'
  /** A file of judgements without a file of questions. */
  | 'judgements-alone'
  /** A line of a file of judgements without a header that does not have its columns. */
  | 'trec-broken'
  /** The id of a negative matches no passage of the knowledge base. */
  | 'negative-ignored'
  /** A dropped folder has more than `field` files, or folders nested too deeply. */
  | 'folder-too-large'
  | 'file-cut'
  | 'gzip-broken'
  /** `field` is the requested sheet; `expected` lists the sheets of the workbook. */
  | 'sheet-missing'
  /** `field` is the requested column, which no row has; `expected` lists the columns that were found. */
  | 'column-missing'
  /** `field` is a requested setting that does not apply to this kind of file. */
  | 'reading-unused'
  /** Remarks about a file whose rows are kept; `field` is a count or a list of columns. */
  | ImportRemark;

export type ImportRemark =
  | 'control-replaced'
  | 'bytes-replaced'
  | 'columns-unused'
  /** Comments in JSON; `field` is their number. */
  | 'comments-unused'
  /** Other sheets of a workbook have content; `field` lists them. */
  | 'sheets-unused'
  /** `field` cells hold an error such as #N/A (`expected` is the first), or a formula without a saved result. */
  | 'cells-unreadable'
  /** The column `field` has a value in `expected` rows in which another column fills its field. */
  | 'values-unused'
  /** The unused column `field` looks like a label, and says no in `expected` rows. */
  | 'column-maybe-label'
  | 'file-unused'
  | 'messages-unused'
  | 'negatives-unused'
  /** Pairs with teacher scores for their passage and negatives. */
  | 'teacher-scores-kept'
  /** Pairs without teacher scores in a file where others have them. */
  | 'teacher-scores-missing'
  | 'judged-irrelevant'
  | 'score-unused'
  | 'questions-merged'
  /** An object has the key `field` more than once. */
  | 'key-repeated'
  | 'negatives-not-found'
  /** The column `field` has a value that cannot be read in `expected` rows, which are kept without it. */
  | 'values-unread'
  /** Questions for which the judgements name no relevant passage. */
  | 'not-judged'
  /** The question `field` was judged, and no passage was judged relevant: the knowledge base has no answer to it. */
  | 'question-unanswered'
  /** Rows of one question have different topics, documents or chunks; the first row's are kept. */
  | 'kept-differs';
