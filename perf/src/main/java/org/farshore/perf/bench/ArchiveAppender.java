package org.farshore.perf.bench;

import io.aeron.Aeron;
import io.aeron.CommonContext;
import io.aeron.ExclusivePublication;
import io.aeron.archive.Archive;
import io.aeron.archive.ArchiveThreadingMode;
import io.aeron.archive.ArchivingMediaDriver;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.codecs.SourceLocation;
import io.aeron.archive.status.RecordingPos;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import java.nio.file.Path;
import java.util.UUID;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.status.CountersReader;

/** Aeron Archive at file sync level 1, recording one local stream: it syncs whole runs of frames by itself. */
final class ArchiveAppender implements GroupAppender {
    private static final String CHANNEL = "aeron:ipc?term-length=64m|mtu=65504";
    private static final int STREAM_ID = 7;
    private static final int SEGMENT_LENGTH = 256 << 20;

    private final ArchivingMediaDriver driver;
    private final AeronArchive archive;
    private final ExclusivePublication publication;
    private final CountersReader counters;
    private final int recordingCounter;

    ArchiveAppender(final Path directory) {
        final String aeron = "/dev/shm/farshore-bench-" + UUID.randomUUID();
        driver = ArchivingMediaDriver.launch(
                new MediaDriver.Context()
                        .aeronDirectoryName(aeron)
                        .threadingMode(ThreadingMode.SHARED)
                        .termBufferSparseFile(true)
                        .performStorageChecks(false)
                        .dirDeleteOnStart(true)
                        .dirDeleteOnShutdown(true),
                new Archive.Context()
                        .aeronDirectoryName(aeron)
                        .archiveDir(directory.resolve("archive").toFile())
                        .threadingMode(ArchiveThreadingMode.SHARED)
                        .fileSyncLevel(1)
                        .catalogFileSyncLevel(1)
                        .segmentFileLength(SEGMENT_LENGTH)
                        .controlChannelEnabled(false)
                        .archiveClientContext(new AeronArchive.Context()
                                .controlRequestChannel(CommonContext.IPC_CHANNEL)
                                .controlResponseChannel(CommonContext.IPC_CHANNEL))
                        .replicationChannel("aeron:udp?endpoint=localhost:0")
                        .localControlChannel("aeron:ipc"));
        archive = AeronArchive.connect(new AeronArchive.Context()
                .aeronDirectoryName(aeron)
                .controlRequestChannel(CommonContext.IPC_CHANNEL)
                .controlResponseChannel(CommonContext.IPC_CHANNEL));
        final Aeron client = archive.context().aeron();
        publication = client.addExclusivePublication(CHANNEL, STREAM_ID);
        archive.startRecording("aeron:ipc?session-id=" + publication.sessionId(), STREAM_ID, SourceLocation.LOCAL);
        counters = client.countersReader();
        int counter = CountersReader.NULL_COUNTER_ID;
        while (counter == CountersReader.NULL_COUNTER_ID) {
            Thread.onSpinWait();
            counter = RecordingPos.findCounterIdBySession(counters, publication.sessionId(), archive.archiveId());
        }
        recordingCounter = counter;
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // waits for the driver's thread on the same cores
    public void append(final DirectBuffer source, final int offset, final int length) {
        while (publication.offer(source, offset, length) < 0) {
            Thread.yield();
        }
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // waits for the archive's thread on the same cores
    public void sync() {
        final long end = publication.position();
        while (counters.getCounterValue(recordingCounter) < end) {
            Thread.yield();
        }
    }

    @Override
    public void close() {
        CloseHelper.closeAll(publication, archive, driver);
    }
}
