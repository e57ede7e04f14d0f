package org.farshore.agent.stream;

import java.util.Arrays;
import org.farshore.agent.capture.HeapBits;

/**
 * One state of the small world in which {@link ReadBack} is tried through every interleaving: a device of one or two
 * cells, a few writes, a capture ring that may lose records, the production class, and a replica that applies its stream.
 * A cell is a sector of one block, or a block of its own. States are copied, compared by {@link #key()} and stepped by
 * {@link ReadBackModelTest}.
 */
final class ReadBackModel {
    /** What varies from one exploration to the next. */
    record World(
            String name, int cells, int[][] writes, int inFlightAtStart, int losses, int kills, boolean cellIsBlock) {
        int mask(final int write) {
            int mask = 0;
            for (final int cell : writes[write]) {
                mask |= 1 << cell;
            }
            return mask;
        }

        long offset(final int cell) {
            return cellIsBlock ? cell * 4096L : cell * 512L;
        }

        int block(final int cell) {
            return cellIsBlock ? cell : 0;
        }

        int blocks() {
            return cellIsBlock ? cells : 1;
        }

        /** The cells of a mask lie beside each other: first byte and length of the range. */
        long length(final int[] cellsOfWrite) {
            return cellsOfWrite.length * (cellIsBlock ? 4096L : 512L);
        }
    }

    static final int OLD = -1;
    static final int NOTHING = -2;
    static final int VOLUME = 3;

    final World world;
    final RuleVariant rule;

    // the source
    final int[] status;
    final int[] applied;
    final int[] dependsOn;
    final int[] device;
    int[] ring = {};
    long produced;
    int losses;
    int lost;
    int epoch;

    // the agent
    InFlight inFlight = new InFlight(8);
    final HeapBits todo;
    final HeapBits sent;
    final OpenRead read = new OpenRead(1 << 13, 9);
    ReadBack readBack;
    final int[] got;
    int knownEpoch;
    boolean converged;
    int kills;

    final int[] replica;

    ReadBackModel(final World world, final RuleVariant rule) {
        this.world = world;
        this.rule = rule;
        final int writes = world.writes().length;
        status = new int[writes];
        Arrays.fill(status, 0, world.inFlightAtStart(), 1);
        applied = new int[writes];
        dependsOn = new int[writes];
        device = filled(world.cells(), OLD);
        replica = filled(world.cells(), NOTHING);
        got = filled(world.cells(), NOTHING);
        losses = world.losses();
        kills = world.kills();
        todo = new HeapBits(world.blocks());
        sent = new HeapBits(world.blocks());
        readBack = newReadBack();
        readBack.markAll();
        readBack.phase(VolumePhase.INITIAL_COPY);
    }

    private ReadBackModel(final ReadBackModel other) {
        world = other.world;
        rule = other.rule;
        status = other.status.clone();
        applied = other.applied.clone();
        dependsOn = other.dependsOn.clone();
        device = other.device.clone();
        ring = other.ring;
        produced = other.produced;
        losses = other.losses;
        lost = other.lost;
        epoch = other.epoch;
        todo = new HeapBits(world.blocks());
        todo.copyFrom(other.todo);
        sent = new HeapBits(world.blocks());
        sent.copyFrom(other.sent);
        inFlight.copyFrom(other.inFlight);
        read.copyFrom(other.read);
        readBack = newReadBack();
        readBack.copyFrom(other.readBack);
        rule.copy(other.readBack, readBack);
        got = other.got.clone();
        knownEpoch = other.knownEpoch;
        converged = other.converged;
        kills = other.kills;
        replica = other.replica.clone();
    }

    ReadBackModel copy() {
        return new ReadBackModel(this);
    }

    long taken() {
        return produced - ring.length;
    }

    void produce(final int record) {
        ring = Arrays.copyOf(ring, ring.length + 1);
        ring[ring.length - 1] = record;
        produced++;
    }

    /** The agent takes the oldest record: write n as n, its completion as ~n. */
    void take() {
        final int record = ring[0];
        ring = Arrays.copyOfRange(ring, 1, ring.length);
        final int write = record < 0 ? ~record : record;
        final long offset = world.offset(world.writes()[write][0]);
        final long length = world.length(world.writes()[write]);
        if (record >= 0) {
            for (final int cell : world.writes()[write]) {
                replica[cell] = write;
            }
            readBack.onSubmit(offset, length, 0);
        } else {
            readBack.onComplete(offset, length, 0);
            if (readBack.pollOverlapMarked() && readBack.phase() == VolumePhase.ORDERED) {
                readBack.phase(VolumePhase.REPAIR);
            }
        }
        readBack.takenTo(taken());
        converged &= readBack.phase() == VolumePhase.ORDERED;
    }

    void harvest() {
        for (int cell = 0; cell < world.cells(); cell++) {
            if ((lost >> cell & 1) != 0) {
                todo.setRange(world.block(cell), 1);
            }
        }
        lost = 0;
        knownEpoch = epoch;
        readBack.gap(produced);
        readBack.takenTo(taken());
        converged = false;
    }

    void beginRead() {
        final long first = todo.nextSet(0);
        long last = first;
        while (todo.nextSet(last + 1) == last + 1) {
            last++;
        }
        readBack.beginRead(read, first * 4096, (last - first + 1) * 4096);
        Arrays.fill(got, NOTHING);
    }

    /** The next cell of the open read that was not read yet, or -1. */
    int unread() {
        for (int cell = 0; cell < world.cells(); cell++) {
            if (read.touches(world.offset(cell), 512) && got[cell] == NOTHING) {
                return cell;
            }
        }
        return -1;
    }

    void endRead() {
        rule.beforeAppend(readBack, read);
        for (int cell = 0; cell < world.cells(); cell++) {
            final long offset = world.offset(cell);
            if (read.touches(offset, 512) && !read.isHole((int) ((offset - read.offset()) >> 9))) {
                replica[cell] = got[cell];
            }
        }
        Arrays.fill(got, NOTHING);
        readBack.endRead(read, produced);
        sent.clearRange(0, sent.blockCount());
    }

    /** The agent is killed: what it kept on its heap is gone, the pinned bits are not. */
    void kill() {
        final VolumePhase pinned = readBack.phase();
        read.end();
        Arrays.fill(got, NOTHING);
        if (rule.forgetsAtKill()) {
            inFlight = new InFlight(8);
        }
        if (!rule.pinsSent()) {
            sent.clearRange(0, sent.blockCount());
        }
        final ReadBack dead = readBack;
        readBack = newReadBack();
        rule.copy(dead, readBack);
        readBack.phase(pinned);
        readBack.sentIsVoid();
        readBack.restart(produced);
        readBack.takenTo(taken());
        kills--;
    }

    /** Equal keys are equal states: positions count from where the ring was taken. */
    String key() {
        final StringBuilder key = new StringBuilder(64);
        for (final int[] part : new int[][] {status, applied, dependsOn, device, ring, replica, got}) {
            for (final int value : part) {
                key.append((char) (value + 8));
            }
            key.append('|');
        }
        key.append((char) losses)
                .append((char) lost)
                .append((char) epoch)
                .append((char) knownEpoch)
                .append((char) kills);
        key.append(converged).append((char) readBack.phase().code());
        key.append((char) Math.max(0, readBack.markPosition() - taken()));
        key.append((char) (readBack.drainPosition() < 0 ? 999 : readBack.drainPosition() - taken()));
        for (int block = 0; block < world.blocks(); block++) {
            key.append(todo.isSet(block)).append(sent.isSet(block)).append(inFlight.word(VOLUME, block));
        }
        if (read.isOpen()) {
            key.append('R')
                    .append(read.offset())
                    .append('+')
                    .append(read.length())
                    .append(read.holeWord(0));
        }
        return key.append(rule.key(readBack)).toString();
    }

    private ReadBack newReadBack() {
        return rule.newReadBack(VOLUME, world.blocks() * 4096L, inFlight, todo, sent, read);
    }

    private static int[] filled(final int length, final int value) {
        final int[] array = new int[length];
        Arrays.fill(array, value);
        return array;
    }
}
