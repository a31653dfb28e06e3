-- Where the writer goes on in Kafka, moved in the transaction that stores what came before: an older copy of this database knows how
-- old it is. By the names that the lake's commits have: the offset of a partition, and of which topic it is.
CREATE TABLE offsets (
    name        text   PRIMARY KEY,
    next_offset bigint NOT NULL
);
