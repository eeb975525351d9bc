
module adder(rst, valid_in, x, valid_out, bits, clk);
  wire [2:0] \$1 ;
  output [6:0] bits;
  wire [6:0] bits;
  input clk;
  wire clk;
  wire [3:0] encoded;
  input rst;
  wire rst;
  wire [3:0] signals;
  reg [2:0] valid = 3'h0;
  input valid_in;
  wire valid_in;
  output valid_out;
  wire valid_out;
  input [3:0] x;
  wire [3:0] x;
  assign \$1  = rst ? 3'h0 : { valid[1:0], valid_in };
  always @(posedge clk)
    valid <= \$1 ;
  adder_core core (
    .bits(encoded),
    .clk(clk),
    .signals(signals)
  );
  adder_encoder encoder (
    .bits(encoded),
    .clk(clk),
    .x(x)
  );
  assign valid_out = valid[2];
  assign bits = { 2'h1, signals[0], signals[1], signals[2], signals[3], signals[1] };
endmodule
