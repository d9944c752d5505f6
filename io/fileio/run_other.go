//go:build !unix

package fileio

import (
	"errors"
	"os"
)

func ownerOf(*os.File) (string, bool, error) {
	return "", false, errors.New("the folder store needs a Unix system")
}
