package org.farshore.agent.capture;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/** This process's view of what is pinned: mappings of state, bits and ring, and descriptors of the programs. One thread. */
final class CaptureMaps implements AutoCloseable {
    private static final int READ_WRITE = LinuxCalls.PROT_READ | LinuxCalls.PROT_WRITE;
    private static final String[] LINKS = {
        BpfPrograms.SUBMIT, BpfPrograms.RQ_COMPLETE, BpfPrograms.BIO_COMPLETE,
    };
    private static final String[] MAPS = {
        BpfPrograms.RING,
        BpfPrograms.STATE,
        BpfPrograms.LOST,
        BpfPrograms.TODO,
        BpfPrograms.SENT,
        BpfPrograms.VOLUMES,
        BpfPrograms.BIOS,
    };
    /** Offsets in the kernel's struct bpf_prog_info and bpf_link_info, which only grow. */
    private static final int PROGRAM_ID_OFFSET = 4;

    private static final int RUN_TIME_NS_OFFSET = 192;
    private static final int RUN_COUNT_OFFSET = 200;
    private static final int RECURSION_MISSES_OFFSET = 208;
    private static final int PROGRAM_INFO_LENGTH = 216;
    private static final int LINK_PROGRAM_ID_OFFSET = 8;
    private static final int LINK_INFO_LENGTH = 16;
    private static final int INFO_LENGTH_OFFSET = 1024;

    private final CaptureState state;
    private final long stateAddress;
    private final long bitsLength;
    private final long lost;
    private final long todo;
    private final long sent;
    private final RingReader ring;
    private final VolumeWindows windows;
    private final long[] firstPositions = new long[CaptureState.VOLUMES_MAX];
    private final int[] programs = new int[LINKS.length];
    private final UnsafeBuffer info;

    /** Maps everything that is pinned in the directory; the state must be a finished one. */
    CaptureMaps(final Path directory) {
        info = new UnsafeBuffer(LinuxCalls.mapPrivate(LinuxCalls.getpagesize(), "scratch memory"), 4096);
        stateAddress = map(directory, BpfPrograms.STATE, CaptureState.LENGTH);
        state = new CaptureState(stateAddress);
        bitsLength = pages(state.getLong(CaptureState.BIT_COUNT_OFFSET) >>> 3);
        lost = map(directory, BpfPrograms.LOST, bitsLength);
        todo = map(directory, BpfPrograms.TODO, bitsLength);
        sent = map(directory, BpfPrograms.SENT, bitsLength);
        java.util.Arrays.fill(firstPositions, Long.MAX_VALUE);
        final int ringFd = get(BpfPrograms.pin(directory, BpfPrograms.RING));
        ring = new RingReader(ringFd, (int) state.getLong(CaptureState.RING_LENGTH_OFFSET), firstPositions);
        LinuxCalls.close(ringFd);
        windows = new VolumeWindows(get(BpfPrograms.pin(directory, BpfPrograms.VOLUMES)), state);
        for (int i = 0; i < LINKS.length; i++) {
            programs[i] = get(BpfPrograms.programPin(directory, LINKS[i]));
        }
    }

    /** True when the directory holds a finished capture by these programs, begun since this boot, and it is running. */
    static boolean isComplete(final Path directory, final CaptureIdentity identity) {
        for (final String map : MAPS) {
            if (!Files.exists(directory.resolve(map))) {
                return false;
            }
        }
        final long address = mapState(directory);
        try {
            return identity.matches(new CaptureState(address)) && areLinksAttached(directory);
        } finally {
            LinuxCalls.munmap(address, CaptureState.LENGTH);
        }
    }

    /** Names of all maps that are pinned. */
    static java.util.List<String> names() {
        return java.util.List.of(MAPS);
    }

    /** Maps the state alone, before the capture is complete. */
    static long mapState(final Path directory) {
        return map(directory, BpfPrograms.STATE, CaptureState.LENGTH);
    }

    /** A pinned link is attached as long as it is pinned; that it runs the pinned program is asked of the kernel. */
    private static boolean areLinksAttached(final Path directory) {
        final int pageLength = LinuxCalls.getpagesize();
        final UnsafeBuffer info = new UnsafeBuffer(LinuxCalls.mapPrivate(pageLength, "scratch memory"), pageLength);
        try {
            for (final String name : LINKS) {
                final int link = LibBpf.bpf_obj_get(BpfPrograms.linkPin(directory, name));
                final int program = LibBpf.bpf_obj_get(BpfPrograms.programPin(directory, name));
                final boolean known = link >= 0
                        && program >= 0
                        && info(info, link, LINK_INFO_LENGTH).getInt(LINK_PROGRAM_ID_OFFSET)
                                == info(info, program, PROGRAM_INFO_LENGTH).getInt(PROGRAM_ID_OFFSET);
                close(link);
                close(program);
                if (!known) {
                    return false;
                }
            }
            return true;
        } finally {
            LinuxCalls.munmap(info.addressOffset(), pageLength);
        }
    }

    /** Ends what is pinned: submissions first, completions last, so that nothing seen begins without its end. */
    static void unpin(final Path directory) {
        try {
            for (final String name : LINKS) {
                Files.deleteIfExists(Path.of(BpfPrograms.linkPin(directory, name)));
            }
            for (final String name : LINKS) {
                Files.deleteIfExists(Path.of(BpfPrograms.programPin(directory, name)));
            }
            for (final String name : MAPS) {
                Files.deleteIfExists(directory.resolve(name));
            }
        } catch (final IOException e) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE, "cannot remove an older capture from " + directory + ": " + e.getMessage(), e);
        }
    }

    CaptureState state() {
        return state;
    }

    RingReader ring() {
        return ring;
    }

    VolumeWindows windows() {
        return windows;
    }

    /** Records of a volume count from this ring position on. */
    void firstPosition(final int volume, final long position) {
        firstPositions[volume] = position;
    }

    /** Runs of the submission program that the kernel skipped. */
    long submitMisses() {
        return programInfo(0, RECURSION_MISSES_OFFSET);
    }

    /** Runs of the completion programs that the kernel skipped. */
    long completionMisses() {
        return programInfo(1, RECURSION_MISSES_OFFSET) + programInfo(2, RECURSION_MISSES_OFFSET);
    }

    /** Nanoseconds in a program (0 submit, 1 request completion, 2 bio completion); counted while kernel.bpf_stats_enabled. */
    long runTimeNs(final int program) {
        return programInfo(program, RUN_TIME_NS_OFFSET);
    }

    /** Runs of a program, counted as {@link #runTimeNs}. */
    long runCount(final int program) {
        return programInfo(program, RUN_COUNT_OFFSET);
    }

    /** Addresses of a volume's first words: lost, todo, sent. */
    long lostAddress(final long firstBit) {
        return lost + (firstBit >>> 3);
    }

    long todoAddress(final long firstBit) {
        return todo + (firstBit >>> 3);
    }

    long sentAddress(final long firstBit) {
        return sent + (firstBit >>> 3);
    }

    private long programInfo(final int program, final int offset) {
        return info(info, programs[program], PROGRAM_INFO_LENGTH).getLong(offset);
    }

    /** Fills the begin of the scratch memory with what the kernel tells of the object. */
    private static UnsafeBuffer info(final UnsafeBuffer scratch, final int fd, final int length) {
        scratch.setMemory(0, length, (byte) 0);
        scratch.putInt(INFO_LENGTH_OFFSET, length);
        final long address = scratch.addressOffset();
        final int result = LibBpf.bpf_obj_get_info_by_fd(fd, address, address + INFO_LENGTH_OFFSET);
        if (result != 0) {
            throw new FarshoreException(ExitCode.PRIVILEGE, "cannot ask for a program's counters: errno " + -result);
        }
        return scratch;
    }

    private static long map(final Path directory, final String name, final long length) {
        final int fd = get(BpfPrograms.pin(directory, name));
        try {
            return LinuxCalls.mapShared(fd, 0, length, READ_WRITE, "map " + name);
        } finally {
            LinuxCalls.close(fd);
        }
    }

    private static int get(final String pin) {
        final int fd = LibBpf.bpf_obj_get(pin);
        if (fd < 0) {
            throw new FarshoreException(
                    ExitCode.PRIVILEGE, "cannot open " + pin + ": errno " + -fd + "; does it belong to this user?");
        }
        return fd;
    }

    private static void close(final int fd) {
        if (fd >= 0) {
            LinuxCalls.close(fd);
        }
    }

    private static long pages(final long length) {
        final long page = LinuxCalls.getpagesize();
        return (length + page - 1) / page * page;
    }

    @Override
    public void close() {
        ring.close();
        windows.close();
        LinuxCalls.munmap(lost, bitsLength);
        LinuxCalls.munmap(todo, bitsLength);
        LinuxCalls.munmap(sent, bitsLength);
        LinuxCalls.munmap(stateAddress, CaptureState.LENGTH);
        for (final int program : programs) {
            LinuxCalls.close(program);
        }
        LinuxCalls.munmap(info.addressOffset(), LinuxCalls.getpagesize());
    }
}
