// Package nofollow reaches files below a folder without ever following a symbolic link there.
//
// A Root is the path of a folder; the path itself may lead through links. All other paths begin with it. Each of their
// names is opened in the folder opened before it, with O_NOFOLLOW, and the last one is used in that open folder. So no link
// that somebody puts in the place of a folder, at whatever moment, leads out of the Root or elsewhere in it.
//
// # Failure
//
// A link where a file or a folder is expected is ErrLink, a device, pipe or socket ErrKind; both are in an *os.PathError with
// the path. Everything else is the system's error with the path.
package nofollow

import "errors"

// ErrLink: there is a symbolic link where a file or folder is expected.
var ErrLink = errors.New("it is a symbolic link, which is not followed here")

// ErrKind: there is neither a file nor a folder.
var ErrKind = errors.New("it is neither a file nor a folder")

// A Root is the absolute path of a folder.
type Root string
