package org.farshore.dataplane.recover;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.SeededEntropy;

/** One overlay over a model volume, written by a random script. */
final class OverlayRig {
    static final Path DIRECTORY = Path.of("/target/views/1");
    static final String NAME = "data";
    static final Path PRESENT = DIRECTORY.resolve(NAME + PresenceFile.SUFFIX);
    static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(4096);

    final OverlayModel model;
    private final BlockFiles files;
    private final Random random;
    ViewOverlay overlay;

    OverlayRig(final BlockFiles files, final long seed, final int length) {
        this.files = files;
        random = new Random(seed);
        model = new OverlayModel(random, length);
    }

    void create() throws ViewException {
        overlay = ViewOverlay.create(files, DIRECTORY, NAME, model.below.length, new SeededEntropy(1));
    }

    void open() throws ViewException {
        overlay = ViewOverlay.open(files, DIRECTORY, NAME, model.below.length);
    }

    /** One random write, zeroing or, one time in six, flush. */
    void step() throws ViewException {
        final int length = model.below.length;
        final int unit = random.nextInt(4) == 0 ? 1 : random.nextBoolean() ? 512 : 4096;
        final int offset = random.nextInt(length / unit) * unit;
        final int count = Math.min(length - offset, (1 + random.nextInt(3 * 4096 / unit)) * unit);
        switch (random.nextInt(6)) {
            case 0:
                overlay.flush();
                model.flushed();
                break;
            case 1:
                model.change(offset, new byte[count]);
                overlay.zero(offset, count, ZEROS, model::read);
                break;
            default:
                final byte[] bytes = new byte[count];
                random.nextBytes(bytes);
                write(offset, bytes);
                break;
        }
    }

    void write(final int offset, final byte[] bytes) throws ViewException {
        model.change(offset, bytes);
        overlay.write(offset, ByteBuffer.wrap(bytes), model::read);
    }

    void flush() throws ViewException {
        overlay.flush();
        model.flushed();
    }

    /** The volume as the overlay and what is below it show it. */
    byte[] read() throws ViewException {
        final byte[] found = model.below.clone();
        for (long at = 0; at < found.length; ) {
            final int state = overlay.state(at);
            final long end = overlay.runEnd(at, found.length, state);
            final ByteBuffer part = ByteBuffer.wrap(found, (int) at, (int) (end - at));
            if (state == Presence.PRESENT) {
                overlay.read(at, part);
            } else if (state == Presence.ZERO) {
                part.put(new byte[part.remaining()]);
            }
            at = end;
        }
        return found;
    }
}
