package packed

import (
	"fmt"
	"testing"
)

// The buffers of a shard follow each other, all shards that can have as many as another have, and none is beyond the last.
func TestShardOf(t *testing.T) {
	for _, c := range []struct {
		buffers, shards int64
		want            string
	}{
		{6, 3, "0 0 1 1 2 2"}, {5, 2, "0 0 0 1 1"}, {3, 3, "0 1 2"}, {1, 3, "0"}, {2, 5, "0 2"}, {4, 1, "0 0 0 0"},
	} {
		got := ""
		for b := range c.buffers {
			got += fmt.Sprint(" ", ShardOf(b, c.buffers, c.shards))
		}
		if got[1:] != c.want {
			t.Errorf("%d buffers, %d shards: %s, want %s", c.buffers, c.shards, got[1:], c.want)
		}
	}
	if got := ShardOf(1<<31-2, 1<<31-1, 1<<40); got >= 1<<40 || got < 1<<39 {
		t.Errorf("shard %d", got)
	}
}

func TestCheckFormat(t *testing.T) {
	for format, ok := range map[int]bool{0: false, 1: true, latest: true, latest + 1: false, -1: false} {
		if err := CheckFormat(format); (err == nil) != ok {
			t.Errorf("format %d: %v", format, err)
		}
	}
}
