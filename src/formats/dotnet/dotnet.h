/*
 * dotnet: metadata of a .NET assembly inside a PE (ECMA-335, partition II).
 *
 * dotnet_parse finds the metadata root, its streams and the layout of the
 * tables; cells, strings and blobs are then read one by one. Rows and indexes
 * count from 1, as in the standard. Nothing is copied.
 *
 * As in YARA, tables with more than DOTNET_MAX_ROWS rows, and whatever stands
 * behind them, are not read: `tables_whole` is then false.
 */
#ifndef KANSHIKI_FORMATS_DOTNET_DOTNET_H
#define KANSHIKI_FORMATS_DOTNET_DOTNET_H

#include "formats/pe/pe.h"

#define DOTNET_MAX_ROWS 10000
#define DOTNET_MAX_STREAMS 255
#define DOTNET_TABLES 64
#define DOTNET_COLUMNS 9

enum dotnet_table_id {
	DOTNET_MODULE = 0x00, DOTNET_TYPE_REF = 0x01, DOTNET_TYPE_DEF = 0x02, DOTNET_FIELD = 0x04,
	DOTNET_METHOD_DEF = 0x06, DOTNET_PARAM = 0x08, DOTNET_INTERFACE_IMPL = 0x09,
	DOTNET_MEMBER_REF = 0x0a, DOTNET_CONSTANT = 0x0b, DOTNET_CUSTOM_ATTRIBUTE = 0x0c,
	DOTNET_MODULE_REF = 0x1a, DOTNET_TYPE_SPEC = 0x1b, DOTNET_FIELD_RVA = 0x1d,
	DOTNET_ASSEMBLY = 0x20, DOTNET_ASSEMBLY_REF = 0x23, DOTNET_MANIFEST_RESOURCE = 0x28,
	DOTNET_NESTED_CLASS = 0x29, DOTNET_GENERIC_PARAM = 0x2a,
};

struct dotnet_stream {
	struct span name;
	uint64_t offset;		/* in the file */
	uint32_t size;
};

struct dotnet_table {
	bool present;
	size_t offset;
	uint32_t rows;
	uint8_t row_size;
	uint8_t at[DOTNET_COLUMNS];	/* of each column in a row */
	uint8_t width[DOTNET_COLUMNS];
};

struct dotnet {
	const struct pe *pe;
	struct span file;
	struct span version;
	uint32_t resources_rva;
	struct dotnet_stream streams[DOTNET_MAX_STREAMS];
	size_t stream_count;
	/* Into streams; NULL: there is none. */
	const struct dotnet_stream *tables_stream, *strings, *blobs, *guids, *user_strings;
	struct dotnet_table tables[DOTNET_TABLES];
	bool has_tables, tables_whole;
};

/* ERR_UNSUPPORTED where the PE is no .NET assembly. `out` borrows `pe`. */
bool dotnet_parse(const struct pe *pe, struct dotnet *out, struct err *err);

/* False where the row is not there. */
bool dotnet_cell(const struct dotnet *d, enum dotnet_table_id table, uint32_t row, unsigned column,
		 uint32_t *value);
/* As dotnet_cell, 0 where the row is not there. */
uint32_t dotnet_value(const struct dotnet *d, enum dotnet_table_id table, uint32_t row,
		      unsigned column);
/* A row that lies whole in the file. */
bool dotnet_has_row(const struct dotnet *d, enum dotnet_table_id table, uint32_t row);

/* From the #Strings heap, at most 1024 bytes; .at NULL where it is broken. */
struct span dotnet_string(const struct dotnet *d, uint32_t index);
/* A string named by a cell. */
struct span dotnet_cell_string(const struct dotnet *d, enum dotnet_table_id table, uint32_t row,
			       unsigned column);
/* From the #Blob heap; false where it is broken. */
bool dotnet_blob(const struct dotnet *d, uint32_t index, struct span *blob);

/*
 * A blob with its length in front, at *offset of the file; moves *offset to its
 * first byte. False where it does not lie in the file.
 */
bool dotnet_sized(struct span file, size_t *offset, struct span *blob);

#endif
