-- What the files of the lake were when they came: read back after the commit that added them, and never written again.
-- `added_at`: when the table's log says the file was made; `noted_at`: when its sha256 was taken (ms, the clocks of the
-- processes). `version`: of the table, the first in which the file was seen. A file that is no part of its table any
-- more has no row, but where it was set aside because it was damaged and not all of its rows are back.
CREATE TABLE lake_files (
    table_name   text    NOT NULL,
    path         text    NOT NULL,
    size_bytes   bigint  NOT NULL,
    row_count    bigint  NOT NULL,
    sha256       text    NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    added_at     bigint  NOT NULL,
    noted_at     bigint  NOT NULL,
    version      bigint  NOT NULL,
    set_aside_at bigint,
    PRIMARY KEY (table_name, path)
);
