package parquetio

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/parquet/metadata"
	"github.com/apache/arrow/go/v15/parquet/schema"

	"github.com/beamfit/beamfit/io/table"
)

// Timestamps of the type INT96, as Impala and Spark write them: nanoseconds of the day, and the number of the day in Julian days.
const (
	int96Width = 12
	epochDay   = 2_440_588   // 1970-01-01
	lastDay    = 109_203_527 // 294276-12-31, PostgreSQL's last; its first is day 0
)

// int96AsBytes has the library take columns of INT96 for bytes, whose values are written in the same way: it makes nanoseconds since 1970 of
// them in 64 bits, which wrap around beyond the years 1677 to 2262. It returns which leaves these are.
func int96AsBytes(meta *metadata.FileMetaData) (map[int]bool, error) {
	found, leaf := map[int]bool{}, 0
	for _, e := range meta.FileMetaData.Schema {
		if e.GetNumChildren() > 0 {
			continue
		}
		if e.Type != nil && *e.Type == typeInt96 {
			width := int32(int96Width)
			*e.Type, e.TypeLength = typeFixed, &width
			found[leaf] = true
		}
		leaf++
	}
	if len(found) == 0 {
		return found, nil
	}
	for _, g := range meta.RowGroups {
		for i, c := range g.Columns {
			if found[i] && c.MetaData != nil {
				c.MetaData.Type, c.MetaData.Statistics = typeFixed, nil
			}
		}
	}
	root, err := schema.FromParquet(meta.FileMetaData.Schema)
	if err != nil {
		return nil, err
	}
	meta.Schema = schema.NewSchema(root.(*schema.GroupNode))
	return found, nil
}

// appendInt96 adds the values from to to of an array of timestamps.
func appendInt96(v *table.Vector, a *array.FixedSizeBinary, from, to int) error {
	for i := from; i < to; i++ {
		text := ""
		if a.IsValid(i) {
			var err error
			if text, err = int96Text(a.Value(i)); err != nil {
				what := "row"
				if v.Type.Array {
					what = "item"
				}
				return fmt.Errorf("%s %d: %w", what, i-from+1, err)
			}
		}
		v.Strings = append(v.Strings, text)
	}
	return nil
}

func int96Text(b []byte) (string, error) {
	day := int64(binary.LittleEndian.Uint32(b[8:]))
	if day > lastDay {
		return "", fmt.Errorf("the timestamp of Julian day %d is outside of what is read, to 294276-12-31", day)
	}
	const wholeDay = uint64(24 * time.Hour)
	inDay := binary.LittleEndian.Uint64(b)
	if inDay >= wholeDay {
		return "", fmt.Errorf("the timestamp has nanosecond %d of its day, which has %d", inDay, wholeDay)
	}
	if day == lastDay && inDay > wholeDay-uint64(time.Microsecond) { // which may be rounded to the day after
		return "", fmt.Errorf("the timestamp of Julian day %d, nanosecond %d, is outside of what is read, to 294276-12-31 23:59:59.999999", day, inDay)
	}
	return timestampText(time.Unix((day-epochDay)*86400, int64(inDay)), ""), nil
}
