package fileio

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/beamfit/beamfit/io/table"
)

// longestFolder keeps folder names well under the 255 bytes that file systems allow.
const longestFolder = 180

// folderOf is the name of a table's folder: [schema.]table, every byte other than a-z, 0-9, _ and - written as % and two
// hexadecimal digits, so that no two names meet, also where the file system ignores case. Long names are cut and end in a hash.
func folderOf(n table.Name) string {
	name := escape(n.Table)
	if n.Schema != "" {
		name = escape(n.Schema) + "." + name
	}
	if len(name) > longestFolder {
		sum := sha256.Sum256([]byte(name))
		name = name[:longestFolder-33] + "~" + hex.EncodeToString(sum[:16])
	}
	return name
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// generationPrefix begins the name of every generation folder, which ends in a text that newID drew.
const generationPrefix = "gen-"

// newID draws a text of 26 characters that nobody else draws.
func newID() string { return strings.ToLower(rand.Text()) }

// isGeneration reports whether a folder name is one that this package gives to generations.
func isGeneration(name string) bool {
	rest, ok := strings.CutPrefix(name, generationPrefix)
	if !ok || len(rest) < 26 || !plainWord(rest) {
		return false
	}
	return strings.Trim(rest[len(rest)-26:], "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// plainWord reports whether s has letters, digits, - and _ only.
func plainWord(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// checkName reports a name that no table can have.
func checkName(n table.Name) error {
	if err := n.Check(); err != nil {
		return &table.TableError{Table: n, Err: err}
	}
	return nil
}
