package org.farshore.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.farshore.tests.lab.Features;
import org.farshore.tests.lab.Python;
import org.farshore.tests.lab.Shell;

/** Clients that verify what they wrote, for any export of 32 MiB or more that can be written, trimmed and shared. */
final class NbdClients {
    private NbdClients() {}

    /** Patterns of QEMU's own client, odd offsets, zeros and trims among them. */
    static void verifyWithQemuIo(final String uri) {
        final String script = String.join(
                "\n",
                "write -P 0x11 0 1M",
                "write -P 0x22 1000003 65537",
                "write -f -P 0x33 4M 3M",
                "read -P 0x11 0 1000003",
                "read -P 0x22 1000003 65537",
                "read -P 0x33 4M 3M",
                "write -z 5M 64k",
                "read -P 0 5M 64k",
                "write -z -u 4M 512k",
                "read -P 0 4M 512k",
                "discard 6M 512k",
                "aio_write -P 0x44 8M 1M",
                "aio_write -P 0x55 9M 1M",
                "aio_flush",
                "read -P 0x44 8M 1M",
                "read -P 0x55 9M 1M",
                "flush");
        final String output = Shell.script("qemu-io -f raw '" + uri + "' <<'END'\n" + script + "\nEND\n");
        assertThat(output).doesNotContain("Pattern verification failed").doesNotContain("failed");
        assertThat(output.split("read ", -1)).hasSize(8);
    }

    /** Two connections of libnbd: what one has written and either has flushed, the other reads; and both end at the end. */
    static void verifyTwoConnections(final String uri) {
        Python.run(
                Map.of("URI", uri),
                "import nbd, os",
                "a, b = nbd.NBD(), nbd.NBD()",
                "for h in (a, b):",
                "    h.add_meta_context('base:allocation')",
                "    h.connect_uri(os.environ['URI'])",
                "    h.set_strict_mode(0)",
                "assert a.can_multi_conn() and a.get_structured_replies_negotiated()",
                "for i in range(200):",
                "    data = os.urandom(1 + i * 37)",
                "    a.pwrite(data, i * 10007, nbd.CMD_FLAG_FUA if i % 2 else 0)",
                "    if i % 2 == 0: b.flush()",
                "    assert b.pread(len(data), i * 10007) == data, i",
                "    a, b = b, a",
                "a.zero(1 << 20, 1 << 20)",
                "b.trim(65536, 4 << 20)",
                "found = []",
                "b.block_status(1 << 20, 1 << 20, lambda c, o, e, err: found.extend(e))",
                "assert found == [1 << 20, 3], found",
                "chunks = []",
                "def chunk(buf, offset, status, err): chunks.append((offset, len(buf), status))",
                "b.pread_structured(1 << 20, 1 << 20, chunk)",
                "assert chunks == [(1 << 20, 1 << 20, nbd.READ_HOLE)], chunks",
                "size = a.get_size()",
                "for call in (lambda: a.pread(512, size), lambda: a.pwrite(b'x' * 512, size - 511),",
                "             lambda: a.zero(1, size), lambda: a.trim(512, size), lambda: a.cache(512, 0)):",
                "    try:",
                "        call()",
                "        assert False, 'served beyond the end'",
                "    except nbd.Error as e:",
                "        assert e.errno in ('EINVAL', 'ENOSPC'), e",
                "assert a.pread(512, size - 512) == bytes(512)",
                "a.shutdown(); b.shutdown()");
    }

    /** Random writes of fio's own engine, sixteen at a time, read back with checksums. */
    static void verifyWithFio(final String test, final String uri) {
        if (!Shell.must("fio", "--enghelp").contains("nbd")) {
            Features.skip(test, "this fio has no nbd engine");
        }
        Shell.must(
                "fio",
                "--name=nbd",
                "--ioengine=nbd",
                "--uri=" + uri,
                "--rw=randwrite",
                "--bs=4k",
                "--iodepth=16",
                "--size=24m",
                "--randseed=7",
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0");
    }
}
