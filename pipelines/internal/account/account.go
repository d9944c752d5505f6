// Package account gives a process whose user the system does not know, as in a container with a number for a user and no /etc/passwd, what os/user
// then asks for in a build without cgo, as that of an image is: USER and HOME. Importing it is all.
//
// Beam (2.77) asks for the current user when its package xlangx/expansionx is initialised, and without an answer the process ends in a
// panic before main. This package is initialised first: of the packages that are ready Go takes the first by import path, and it needs only
// what Beam needs too. TestUnknownUser of tests/cli holds it to that.
package account

import (
	"os"
	"strconv"
)

func init() {
	for name, value := range map[string]string{"USER": strconv.Itoa(os.Getuid()), "HOME": "/"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, value) // it fails for names that are none only
		}
	}
}
