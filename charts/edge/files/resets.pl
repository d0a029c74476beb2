#!/usr/bin/perl
# Tells clients at once that their connection is dead, when this edge takes the virtual IP over from one that died, froze or was cut off:
# nobody else would, and who waits for an answer on such a connection sends nothing that could be refused, and waits for minutes.
#
# Who holds the address tells the other edges twice a second which clients are connected, and at once who comes: an edge that is about to
# die is slow, and its clients open new connections. Who gets it sends each of them one TCP segment that is out of place. The client answers
# it with where it really is, this kernel knows no such connection, and refuses exactly there (RFC 5961; "tickle ACK" in Samba's CTDB). It
# carries two bytes: Linux answers one without data only twice a second (tcp_invalid_ratelimit), and the first answer often goes to the edge
# that is gone. A connection that lives is not harmed by such a segment. Who gives the address up sends its own clients one too: where two
# edges held it and do not hear each other, nobody else knows of them.
use strict;
use warnings;
# By number, not by name: the image has no /etc/protocols.
use Socket qw(:DEFAULT IPPROTO_TCP IPPROTO_UDP);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($own, $virtual_ip, $port) = ($ENV{HOST_IP}, $ENV{VIRTUAL_IP}, 443);
my @peers = grep { $_ ne $own } split ' ', $ENV{PEERS};
my $telling_port = 8407;
my $look_s = 0.1;
my $tell_every = 5;                # looks
my $connections_max = 4000;        # those of HAProxy
my $per_datagram = 200;
my $coming_max = 1000;             # read at once
my $fresh_s = 10;                  # how long ago the other edge may have told last
# Looks after the takeover at which each client is told: the first may come before its neighbour table knows of the new holder, most know within half a
# second, and where the old one still had the address for a moment, that takes a second or two.
my @tickle_at = (1 .. 6, 8, 10, 12, 16, 20, 25, 30, 40);
my %tickle_at = map { $_ => 1 } @tickle_at;

my $virtual = inet_aton($virtual_ip) // die "VIRTUAL_IP is no address: $virtual_ip\n";
socket(my $told, PF_INET, SOCK_DGRAM, IPPROTO_UDP) or die "socket: $!\n";
setsockopt($told, SOL_SOCKET, SO_REUSEADDR, 1);
bind($told, pack_sockaddr_in($telling_port, inet_aton($own))) or die "UDP port $telling_port of $own: $!\n";
socket(my $raw, PF_INET, SOCK_RAW, 255) or die "raw socket (it takes the capability NET_RAW): $!\n";
my @others = map { inet_aton($_) } @peers;

# The first packet of each connection to the address, in the kernel's language for filters of packets (BPF).
my @first_packets = (
    [0x20, 0, 0, 16],                       # the destination's address
    [0x15, 0, 6, unpack 'N', $virtual],
    [0xb1, 0, 0, 0],                        # the length of IP's header
    [0x48, 0, 0, 2],                        # the destination's port
    [0x15, 0, 3, $port],
    [0x50, 0, 0, 13],                       # the flags: SYN without ACK
    [0x54, 0, 0, 0x12],
    [0x15, 1, 0, 0x02],
    [0x06, 0, 0, 0],
    [0x06, 0, 0, 0xffff],
);
my $filter = join '', map { pack 'SCCL', @$_ } @first_packets;
my $attach_filter = 26;
socket(my $coming, PF_INET, SOCK_RAW, IPPROTO_TCP) or die "raw socket (it takes the capability NET_RAW): $!\n";
setsockopt($coming, SOL_SOCKET, $attach_filter, pack('S x!8 P', scalar @first_packets, $filter)) or die "filter of packets: $!\n";
# What came before the filter was there.
1 while defined recv $coming, my $packet, 100, MSG_DONTWAIT;

# Whether this machine has the address now: nobody need say so.
sub holds {
    socket(my $probe, PF_INET, SOCK_DGRAM, 17) or return 0;
    return bind($probe, pack_sockaddr_in(0, $virtual)) ? 1 : 0;
}

# Clients of the address, also after it was taken away, as address and port in six bytes each. /proc/net/tcp has addresses in the machine's own byte order.
# Established ones, and those that this side has ended, or is just taking (SYN_RECV): where the address had gone by then, nobody has told them either.
sub clients {
    my $local = sprintf '%08X:%04X', unpack('L', $virtual), $port;
    open my $table, '<', '/proc/net/tcp' or return;
    my @found;
    while (<$table>) {
        next unless /^\s*\d+: $local ([0-9A-F]{8}):([0-9A-F]{4}) 0[134589B] /;
        push @found, pack('L', hex $1) . pack('n', hex $2);
        last if @found >= $connections_max;
    }
    close $table;
    return @found;
}

# Who comes, as in `clients`.
sub arrivals {
    my @found;
    while (@found < $coming_max and defined recv $coming, my $packet, 100, MSG_DONTWAIT) {
        push @found, substr($packet, 12, 4) . substr $packet, 4 * (ord($packet) & 0xf), 2;
    }
    return @found;
}

# Each datagram: the round that it belongs to, and clients.
sub announce {
    my ($round, @clients) = @_;
    do {
        my $datagram = pack('N', $round) . join '', splice @clients, 0, $per_datagram;
        send $told, $datagram, MSG_DONTWAIT, pack_sockaddr_in($telling_port, $_) for @others;
    } while (@clients);
}

sub checksum {
    my $sum = 0;
    $sum += $_ for unpack 'n*', $_[0];
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16;
    return ~$sum & 0xffff;
}

sub tickle {
    my ($address, $client_port) = (substr($_[0], 0, 4), unpack 'n', substr $_[0], 4);
    # Ports, sequence number 0, acknowledgement 0, five words of header, ACK, window, no checksum yet, nothing urgent.
    my @fields = ($port, $client_port, 0, 0, 5 << 12 | 0x10, 1024);
    my $data = pack 'n', 0;
    my $tcp = pack('nnNNnnnn', @fields, 0, 0) . $data;
    $tcp = pack('nnNNnnnn', @fields, checksum($virtual . $address . pack('CCn', 0, 6, length $tcp) . $tcp), 0) . $data;
    # The kernel fills in length, identification and checksum.
    my $ip = pack 'CCnnnCCn a4 a4', 0x45, 0, 20 + length $tcp, 0, 0, 64, 6, 0, $virtual, $address;
    send $raw, $ip . $tcp, MSG_DONTWAIT, pack_sockaddr_in(0, $address);
}

my ($held, $looks, $since, $round) = (holds(), 0, undef, 0);
# What the other edge told: its last whole round, and the one that is coming in.
my ($told_s, $told_round, @known) = (0, -1);
my @to_tell;
my $look_at = 0;
while (1) {
    my $ready = '';
    vec($ready, fileno($_), 1) = 1 for $told, $coming;
    my $wait_s = $look_at - clock_gettime(CLOCK_MONOTONIC);
    select $ready, undef, undef, $wait_s > 0 ? $wait_s : 0;
    my @arrived = arrivals();
    announce($round, @arrived) if $held and @arrived;
    while (my $from = recv $told, my $datagram, 2000, MSG_DONTWAIT) {
        my (undef, $sender) = unpack_sockaddr_in($from);
        next unless grep { $_ eq $sender } @others;
        my ($number, $list) = (unpack('N', $datagram), substr $datagram, 4);
        @known = () if $number != $told_round;
        ($told_round, $told_s) = ($number, time);
        push @known, unpack '(a6)*', $list if @known < $connections_max;
    }
    next if clock_gettime(CLOCK_MONOTONIC) < $look_at;
    $look_at = clock_gettime(CLOCK_MONOTONIC) + $look_s;
    my $holds = holds();
    if ($holds != $held) {
        @to_tell = !$holds ? clients() : time - $told_s <= $fresh_s ? @known : ();
        $since = 0;
        print STDERR scalar(@to_tell), ' clients ', $holds ? 'of the edge before' : 'that this edge had', " are told\n";
    }
    $held = $holds;
    if (defined $since and $tickle_at{++$since}) { tickle($_) for @to_tell }
    undef $since if defined $since and $since > $tickle_at[-1];
    announce(++$round, clients()) if $held and ++$looks % $tell_every == 0;
}
