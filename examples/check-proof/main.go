// Checks a proof of `verify-sessions prove` with the public key alone: no database, no phaselock.
// docs/seals.md defines the format.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func hash(parts ...[]byte) []byte {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return sum[:]
}

// Ends the program unless the condition holds.
func demand(holds bool, otherwise string) {
	if !holds {
		fmt.Println("refused:", otherwise)
		os.Exit(2)
	}
}

func decode(text string) []byte {
	raw, err := base64.StdEncoding.DecodeString(text)
	demand(err == nil, "a key or hash is not base64")
	return raw
}

// The text that was signed, up to the empty line (C2SP signed-note). The key is <name>+<id>+<base64>.
func openNote(note, key string) string {
	name, encoded, _ := strings.Cut(strings.TrimSpace(key), "+")
	_, encoded, _ = strings.Cut(encoded, "+")
	public := decode(encoded)
	demand(len(public) == 33 && public[0] == 1, "the public key is not an Ed25519 key")
	id := hash([]byte(name+"\n"), public)[:4]
	at := strings.LastIndex(note, "\n\n") + 1
	for _, line := range strings.Split(note[at:], "\n") {
		if prefix := "— " + name + " "; strings.HasPrefix(line, prefix) {
			signed := decode(line[len(prefix):])
			if len(signed) == 68 && bytes.Equal(signed[:4], id) && ed25519.Verify(public[1:], []byte(note[:at]), signed[4:]) {
				return note[:at]
			}
		}
	}
	demand(false, "the seal is not signed by this key")
	return ""
}

// The root to which a leaf and its path lead (RFC 9162, section 2.1.3.2).
func rootOf(leaf string, index, size uint64, path [][]byte) []byte {
	demand(index < size, "the index is not in the tree")
	node, last := hash([]byte{0}, []byte(leaf)), size-1
	for _, sibling := range path {
		demand(last > 0, "the path is too long")
		if index%2 == 1 || index == last {
			node = hash([]byte{1}, sibling, node)
			for ; index%2 == 0 && index > 0; index, last = index/2, last/2 {
			}
		} else {
			node = hash([]byte{1}, node, sibling)
		}
		index, last = index/2, last/2
	}
	demand(last == 0, "the path is too short")
	return node
}

func main() {
	demand(len(os.Args) == 3, "usage: check-proof <proof> <public key>")
	proof, err := os.ReadFile(os.Args[1])
	demand(err == nil, "the proof cannot be read")
	key, err := os.ReadFile(os.Args[2])
	demand(err == nil, "the public key cannot be read")

	head, note, _ := strings.Cut(string(proof), "\n\n")
	lines, seal := strings.Split(head, "\n"), strings.Split(openNote(note, string(key)), "\n")
	demand(len(lines) > 3 && lines[0] == "phaselock-proof/1", "this is not a proof")
	demand(len(seal) > 4 && seal[0] == "phaselock-seal/1", "this is not a seal")
	leaf := strings.TrimPrefix(lines[1], "leaf ")
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[2], "index "), 10, 63)
	demand(err == nil, "the index is not a number")
	size, err := strconv.ParseUint(seal[1], 10, 63)
	demand(err == nil, "the size is not a number")
	var path [][]byte
	rest := lines[3:]
	for ; len(rest) > 0 && strings.HasPrefix(rest[0], "path "); rest = rest[1:] {
		path = append(path, decode(strings.TrimPrefix(rest[0], "path ")))
	}
	root := rootOf(leaf, index, size, path)
	demand(bytes.Equal(root, decode(seal[2])), "the path does not lead to the root of the seal")

	// The leaf: session <task>/<session> <number of events> <hash of the last event>
	words := strings.FieldsFunc(leaf, func(r rune) bool { return r == ' ' || r == '/' })
	demand(len(words) == 5 && words[0] == "session", "the leaf is not that of a session")
	demand(words[3] == strconv.Itoa(len(rest)), "there are more or fewer events than were sealed")
	chain := hash([]byte("phaselock-session/1 " + words[2]))
	for at, line := range rest {
		event, fields := strings.TrimPrefix(line, "event "), []any{}
		demand(json.Unmarshal([]byte(event), &fields) == nil && len(fields) == 13, "an event is damaged")
		demand(fields[4] == words[2] && fields[5] == float64(at+1), "an event is of another session or place")
		chain = hash(chain, []byte(event))
	}
	demand(hex.EncodeToString(chain) == words[4], "the events do not have the sealed hash")
	fmt.Printf("accepted: session %s of task %s had these %d events; seal %s\n", words[2], words[1], len(rest), seal[3])
}
