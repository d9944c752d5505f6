package modelfile

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/beamfit/beamfit/io/kerasio"
	"github.com/beamfit/beamfit/model/lookup"
	"github.com/beamfit/beamfit/model/weights/layout"
)

// withVocabularies writes the vocabularies of layers that were adapted into the JSON of a model: a .keras archive has them as files of its own, and
// without them its JSON is not the whole model.
func withVocabularies(f *kerasio.File) error {
	if len(f.Vocabularies) == 0 {
		return nil
	}
	a := adapted{f: f}
	f.Config = kerasio.Edited(f.Config, func(model map[string]any) bool {
		config, _ := model["config"].(map[string]any)
		a.layers(config, layout.Inside(""), 0)
		return a.changed
	})
	return a.err
}

// adapted are the layers of a model that were adapted, while they get what they learned.
type adapted struct {
	f       *kerasio.File
	changed bool
	err     error
}

// maxModels is how deep models lie in models where layers are looked for.
const maxModels = 100

// layers goes through the layers of a model, which are in a group of the file.
func (a *adapted) layers(model map[string]any, group string, depth int) {
	list, _ := model["layers"].([]any)
	names := layout.Names{}
	for _, v := range list {
		layer, _ := v.(map[string]any)
		class, _ := layer["class_name"].(string)
		config, _ := layer["config"].(map[string]any)
		if config == nil || class == "InputLayer" || depth > maxModels || a.err != nil {
			continue
		}
		switch own := names.Group(group, class); class {
		case "Functional", "Model", "Sequential":
			a.layers(config, layout.Inside(own), depth+1)
		case "StringLookup", "IntegerLookup", "TextVectorization":
			if err := a.layer(config, own, class == "IntegerLookup"); err != nil {
				a.err = fmt.Errorf("layer %q (%s): %w", config["name"], class, err)
			}
		}
	}
}

// layer gives a layer its vocabulary, and the numbers of tf_idf.
func (a *adapted) layer(config map[string]any, group string, integers bool) error {
	places := layout.Places(group)
	at := slices.IndexFunc(places, func(place string) bool { return a.f.Vocabularies[place] != nil })
	if config["vocabulary"] != nil || at < 0 {
		return nil
	}
	words, err := wordsOf(a.f.Vocabularies[places[at]], config["vocabulary_size"])
	if err != nil {
		return fmt.Errorf("vocabulary.txt: %w", err)
	}
	vocabulary := make([]any, len(words))
	for i, w := range words {
		vocabulary[i] = w
		if integers {
			n, err := strconv.ParseInt(w, 10, 64)
			if err != nil {
				return fmt.Errorf("vocabulary.txt: line %d is no whole number: %q", i+1, w)
			}
			vocabulary[i] = n
		}
	}
	config["vocabulary"], a.changed = vocabulary, true
	if config["output_mode"] != "tf_idf" {
		return nil
	}
	idf, err := a.idf(group, len(words))
	if err != nil {
		return fmt.Errorf("%s: %w", layout.IDFName, err)
	}
	config["idf_weights"] = idf
	return nil
}

// idf are the numbers of tf_idf, as many as words; behind them the file may have zeros.
func (a *adapted) idf(group string, words int) ([]float64, error) {
	places := layout.Places(group + "/" + layout.IDFName)
	at := slices.IndexFunc(a.f.Arrays, func(array kerasio.Array) bool { return slices.Contains(places, array.Name) })
	if at < 0 {
		return nil, errors.New("the file has no such array")
	}
	array := a.f.Arrays[at]
	if len(array.Shape) != 1 || array.Shape[0] < words || array.Shape[0] > lookup.MaxIndices {
		return nil, fmt.Errorf("the shape is %v, the vocabulary has %d words", array.Shape, words)
	}
	data := make([]byte, 4*array.Shape[0])
	if err := array.Float32s(data); err != nil {
		return nil, err
	}
	idf := make([]float64, words)
	for i := range idf {
		idf[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		if math.IsNaN(idf[i]) || math.IsInf(idf[i], 0) {
			return nil, fmt.Errorf("number %d is %v", i, idf[i])
		}
	}
	return idf, nil
}

// wordsOf are the lines of a vocabulary; size is how many the JSON says that there are. A word that has an end of a line in it makes more.
//
// Source: keras/src/layers/preprocessing/index_lookup.py, save_assets.
func wordsOf(text []byte, size any) ([]string, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	words := strings.Split(string(text), "\n")
	if last := len(words) - 1; strings.Count(string(text), "\r\n") == last { // as Windows ends lines
		for i := range last {
			words[i] = strings.TrimSuffix(words[i], "\r")
		}
	}
	if number, ok := size.(json.Number); ok && number.String() != strconv.Itoa(len(words)) {
		return nil, fmt.Errorf("it has %d lines, the vocabulary %s words: a word with an end of a line in it cannot be told from two", len(words), number)
	}
	return words, nil
}
