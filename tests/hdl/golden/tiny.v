
module tiny(rst, valid_in, x, valid_out, class_index, scores, clk);
  wire [5:0] \$1 ;
  output [1:0] class_index;
  wire [1:0] class_index;
  input clk;
  wire clk;
  wire [4:0] encoded;
  input rst;
  wire rst;
  output [8:0] scores;
  wire [8:0] scores;
  wire [4:0] signals;
  wire [8:0] sums;
  reg [5:0] valid = 6'h00;
  input valid_in;
  wire valid_in;
  output valid_out;
  wire valid_out;
  input [4:0] x;
  wire [4:0] x;
  assign \$1  = rst ? 6'h00 : { valid[4:0], valid_in };
  always @(posedge clk)
    valid <= \$1 ;
  tiny_argmax argmax (
    .class_index(class_index),
    .clk(clk),
    .scores(scores),
    .scores_in(sums)
  );
  tiny_core core (
    .bits(encoded),
    .clk(clk),
    .signals(signals)
  );
  tiny_encoder encoder (
    .bits(encoded),
    .clk(clk),
    .x(x)
  );
  tiny_popcount popcount (
    .clk(clk),
    .scores(sums),
    .signals(signals)
  );
  assign valid_out = valid[5];
endmodule
