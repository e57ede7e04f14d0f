package org.farshore.dataplane.index;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.farshore.dataplane.journal.JournalInspector;
import org.farshore.dataplane.runtime.BlockFiles;

/**
 * Looks at a version index on behalf of a person. Opens everything for reading only, and may be used while the index is
 * written: what lies behind the newest checkpoint is not looked at. One thread.
 */
public final class IndexInspector {
    private static final String[] KINDS = {
        "NONE", "WRITE", "ZERO", "DISCARD", "COARSE_ZERO", "COARSE_DISCARD", "REMOVED", "DAMAGE"
    };

    /** What the versions of one volume add up to. */
    public static final class VolumeSum {
        private long versions;
        private long partial;
        private long coarse;
        private long bytes;

        private void add(final VersionEntryFlyweight entry) {
            versions++;
            partial += entry.isPartial() ? 1 : 0;
            coarse += entry.isCoarse() ? 1 : 0;
            final boolean write = entry.kind() == VersionEntryFlyweight.KIND_WRITE;
            bytes += write ? 512L * Integer.bitCount(entry.mask()) : 0;
        }

        /** All versions. */
        public long versions() {
            return versions;
        }

        /** Those of a part of a block. */
        public long partial() {
            return partial;
        }

        /** Those of a node of the coarse map. */
        public long coarse() {
            return coarse;
        }

        /** Bytes in the journal that they name. */
        public long bytes() {
            return bytes;
        }
    }

    /**
     * The outcome of reading everything.
     *
     * @param pages whole pages read.
     * @param byKind entries by the name of their kind.
     * @param byVolume sums by volume number.
     * @param firstPosition journal position of the oldest entry, -1 when there is none.
     * @param lastPosition of the newest.
     * @param lost journal that could not be read when the index came by.
     * @param damages what is wrong; the next start makes it again from the journal.
     */
    public record Walk(
            long pages,
            Map<String, Long> byKind,
            Map<Integer, VolumeSum> byVolume,
            long firstPosition,
            long lastPosition,
            List<LostJournal> lost,
            List<String> damages) {}

    private final BlockFiles files;
    private final Path directory;
    private CheckpointFile checkpointFile;
    private CheckpointFile.Checkpoint checkpoint;

    private IndexInspector(final BlockFiles files, final Path directory) {
        this.files = files;
        this.directory = directory;
    }

    /**
     * The indexes under {@code path}: itself, the {@code index} directory in it, or, when it is the data directory of a
     * master target, that of each stream in it. Empty when there is none.
     */
    public static List<IndexInspector> find(final BlockFiles files, final Path path) throws IOException {
        final List<IndexInspector> found = new ArrayList<>();
        final Path inside = path.resolve(VersionIndexContext.DIRECTORY_NAME);
        if (isIndex(files, path)) {
            found.add(new IndexInspector(files, path));
        } else if (isIndex(files, inside)) {
            found.add(new IndexInspector(files, inside));
        } else {
            for (final String name : files.list(path)) {
                final Path candidate = path.resolve(name).resolve(VersionIndexContext.DIRECTORY_NAME);
                if (isIndex(files, candidate)) {
                    found.add(new IndexInspector(files, candidate));
                }
            }
        }
        return found;
    }

    private static boolean isIndex(final BlockFiles files, final Path path) throws IOException {
        return files.list(path).contains(CheckpointFile.NAME);
    }

    /** Reads the checkpoint; false when no copy of it is whole. */
    public boolean load() throws IOException {
        checkpointFile = new CheckpointFile(files, directory);
        checkpoint = checkpointFile.load();
        return checkpoint != null;
    }

    /**
     * Reads all entries up to the checkpoint; when the journal is there, too, each is held against the frame it names.
     *
     * @param withJournal false leaves the journal aside.
     */
    public Walk walk(final boolean withJournal) throws IOException {
        final List<String> damages = new ArrayList<>();
        if (checkpointFile.validCopies() == 1 && checkpointFile.counter() > 1) {
            damages.add("one of the two copies of the checkpoint");
        }
        final Walk walk = new Walk(0, new TreeMap<>(), new TreeMap<>(), -1, -1, new ArrayList<>(), damages);
        final long[] positions = {-1, -1};
        final long pages;
        try (EntryCursor cursor = new EntryCursor(files, directory, checkpoint)) {
            while (cursor.next()) {
                count(cursor, walk);
                positions[0] = positions[0] < 0 ? cursor.position() : positions[0];
                positions[1] = cursor.position();
            }
            pages = cursor.pages();
            if (cursor.damage() != null) {
                damages.add(cursor.damage());
            }
        }
        if (withJournal && damages.isEmpty()) {
            compareWithJournal(damages);
        }
        return new Walk(pages, walk.byKind, walk.byVolume, positions[0], positions[1], walk.lost, damages);
    }

    private static void count(final EntryCursor cursor, final Walk walk) {
        final VersionEntryFlyweight entry = cursor.entry();
        final int kind = entry.kind();
        walk.byKind.merge(kind < KINDS.length ? KINDS[kind] : "KIND" + kind, 1L, Long::sum);
        final boolean linked = entry.isBlockVersion() || entry.isCoarse();
        if (linked) {
            walk.byVolume
                    .computeIfAbsent(entry.volume(), key -> new VolumeSum())
                    .add(entry);
        } else if (kind == VersionEntryFlyweight.KIND_DAMAGE) {
            walk.lost.add(new LostJournal(cursor.id(), entry.previous(), entry.jump()));
        }
        if (linked && (entry.previous() >= cursor.id() || entry.jump() > entry.previous())) {
            walk.damages.add("version " + cursor.id() + " names a past that is not older");
        }
    }

    private void compareWithJournal(final List<String> damages) throws IOException {
        final Path stream = directory.toAbsolutePath().getParent();
        final List<JournalInspector> journals =
                JournalInspector.find(files, stream.resolve(JournalInspector.DIRECTORY_NAME));
        if (journals.size() == 1 && journals.get(0).load()) {
            try (EntryCursor cursor = new EntryCursor(files, directory, checkpoint)) {
                new JournalComparer(cursor, damages).run(journals.get(0));
            }
        }
    }

    /** The directory of the version files. */
    public Path directory() {
        return directory;
    }

    /** Newest version that the checkpoint vouches for. */
    public long newestId() {
        return checkpoint.newestId();
    }

    /** Journal position behind which the next start reads. */
    public long position() {
        return checkpoint.position();
    }

    /** Version files, from the first that is alive to that of the newest version. */
    public long fileCount() {
        return VersionIds.fileOf(checkpoint.newestId()) - checkpoint.firstFile() + 1;
    }

    /** Number of the first of them. */
    public long firstFile() {
        return checkpoint.firstFile();
    }

    /** How often a checkpoint was written. */
    public long checkpointCounter() {
        return checkpointFile.counter();
    }

    /** Whose stream it is, 32 hexadecimal digits. */
    public String machine() {
        return String.format("%016x%016x", checkpoint.machineIdHigh(), checkpoint.machineIdLow());
    }
}
